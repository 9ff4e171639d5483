/** `gantry build` from outside: what becomes of the image, caches in registries, the daemon's death. */
import { expect } from 'bun:test';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, succeed } from '../rig/command.ts';
import { isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { LocalRegistry } from '../rig/registry.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const own = 'the command line is gantry’s';

function context(engine: TestEngine, dockerfile: string): string {
  const directory = mkdtempSync(join(engine.directory, 'context-'));
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  return directory;
}

const build = (engine: TestEngine, ...args: string[]) => engine.run('gantry', ['build', ...args]);

/** Two stages, of which the image has only the second. */
const staged = `FROM busybox AS made
RUN cat /proc/sys/kernel/random/uuid >/first
FROM busybox
RUN cat /proc/sys/kernel/random/uuid >/second
COPY --from=made /first /
`;

/** How many of the steps are taken from the cache. */
const cached = ({ stderr }: { stderr: string }) => stderr.match(/CACHED/g)?.length ?? 0;

/** Nothing that an earlier build has left. */
async function forget(engine: TestEngine): Promise<void> {
  await engine.ok('gantry', 'rmi', '-f', 'app');
  await engine.ok('gantry', 'builder', 'prune', '-af');
  expect(await engine.ok('gantry', 'images', '-aq')).toBe(
    await engine.ok('gantry', 'images', '-q', 'busybox'),
  );
}

const run = (engine: TestEngine) => engine.ok('gantry', 'run', '--rm', 'app', 'cat', '/first', '/second');

once(
  'a cache in a registry: of the steps of the image, or of all of them; the image knows nothing of it',
  async (engine) => {
    await using registry = await LocalRegistry.start(engine);
    const ref = `${registry.host}/app:cache`;
    const directory = context(engine, staged);
    // Without the first stage's step the second stage copies another file.
    for (const [mode, hits] of [
      ['min', 1],
      ['max', 3],
    ] as const) {
      const cache = `type=registry,ref=${ref}-${mode},mode=${mode}`;
      const first = await build(engine, '-t', 'app', '--cache-to', cache, directory);
      expect([first.code, first.stderr]).toEqual([0, expect.anything()]);
      expect(await engine.ok('gantry', 'image', 'inspect', 'app')).not.toContain('io.gantry');
      const made = await run(engine);
      await forget(engine);
      const again = await build(engine, '-t', 'app', '--cache-from', cache.replace(/,mode.*/, ''), directory);
      expect([again.code, cached(again), again.stderr]).toEqual([0, hits, expect.anything()]);
      if (mode === 'max') expect(await run(engine)).toBe(made);
      await forget(engine);
    }
  },
  own,
);

once(
  'a cache in a directory, which the next one replaces',
  async (engine) => {
    const directory = context(engine, staged);
    const cache = join(engine.directory, 'cache');
    const to = ['--cache-to', `type=local,dest=${cache},mode=max`];
    const from = ['--cache-from', `type=local,src=${cache}`];
    const first = await build(engine, '-t', 'app', ...to, ...from, directory);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('not found')]);
    const made = await run(engine);
    await forget(engine);
    const again = await build(engine, '-t', 'app', ...from, ...to, directory);
    expect([again.code, cached(again), again.stderr]).toEqual([0, 3, expect.anything()]);
    expect(await run(engine)).toBe(made);
    await forget(engine);
    writeFileSync(join(directory, 'Dockerfile'), 'FROM busybox\nRUN echo other\n');
    expect((await build(engine, '-t', 'app', ...to, directory)).code).toBe(0);
    const { manifests } = JSON.parse(readFileSync(join(cache, 'index.json'), 'utf8')) as {
      manifests: unknown[];
    };
    expect(manifests).toHaveLength(1);
    expect(readdirSync(cache).filter((name) => name.startsWith('.'))).toEqual([]);
    await forget(engine);
    writeFileSync(join(cache, 'index.json'), 'no index');
    const broken = await build(engine, '-t', 'app', ...from, directory);
    expect([broken.code, cached(broken), broken.stderr]).toEqual([
      0,
      0,
      expect.stringContaining('invalid index'),
    ]);
    await forget(engine);
  },
  own,
);

once(
  'several caches at once; what their names mean here stays; a directory that is a mount',
  async (engine) => {
    await using registry = await LocalRegistry.start(engine);
    const ref = `${registry.host}/app:cache`;
    await engine.ok('gantry', 'tag', 'busybox', ref);
    const before = await engine.ok('gantry', 'images', '-q', ref);
    const mounted = join(engine.directory, 'mounted');
    mkdirSync(mounted);
    await succeed(['mount', '-t', 'tmpfs', 'tmpfs', mounted]);
    try {
      const targets = [
        `type=registry,ref=${ref}`,
        `type=registry,ref=${ref}-2`,
        `type=local,dest=${mounted}`,
      ];
      const failing = 'type=registry,ref=127.0.0.1:1/none,ignore-error=true';
      const options = [...targets, failing].flatMap((target) => ['--cache-to', target]);
      const built = await build(engine, '-t', 'app', ...options, context(engine, staged));
      expect([built.code, built.stderr]).toEqual([0, expect.stringContaining('the cache was not exported')]);
      expect(readdirSync(mounted)).toContain('index.json');
    } finally {
      await succeed(['umount', mounted]);
    }
    expect(await engine.ok('gantry', 'images', '-q', ref)).toBe(before);
    expect(await engine.ok('gantry', 'images', '-q', `${ref}-2`)).toBe('');
    await engine.ok('gantry', 'rmi', ref);
    await forget(engine);
  },
  own,
);

once(
  'a cache under a name without a tag is that alone; what fails before it leaves nothing of it',
  async (engine) => {
    await using registry = await LocalRegistry.start(engine);
    const repository = `${registry.host}/app`;
    await engine.ok('gantry', 'tag', 'busybox', `${repository}:private`);
    const directory = context(engine, staged);
    const built = await build(engine, '-t', 'app', '--cache-to', repository, directory);
    expect([built.code, built.stderr]).toEqual([0, expect.anything()]);
    const tags = await engine.curl(`http://${repository.replace('/', '/v2/')}/tags/list`);
    expect(JSON.parse(tags.stdout)).toMatchObject({ tags: ['latest'] });
    await engine.ok('gantry', 'rmi', `${repository}:private`);
    await forget(engine);
    const failed = await build(engine, '-o', '/proc/none', '--cache-to', repository, directory);
    expect(failed.code).toBe(1);
    await engine.ok('gantry', 'builder', 'prune', '-af');
    expect(await engine.ok('gantry', 'images', '-aq')).toBe(
      await engine.ok('gantry', 'images', '-q', 'busybox'),
    );
  },
  own,
);

once(
  'a build that is ended leaves nothing, whenever that is',
  async (engine) => {
    const directory = context(
      engine,
      'FROM busybox\nRUN --mount=type=cache,target=/c head -c 100000000 /dev/urandom >/large\n',
    );
    const before = await engine.ok('gantry', 'images', '-aq');
    await engine.ok('gantry', 'build', '-q', '-o', join(engine.directory, 'warm'), directory);
    const moments: [signal: NodeJS.Signals, code: number, isTime: () => Promise<boolean>][] = [
      ['SIGINT', 130, async () => (await engine.ok('docker', 'ps', '-aq', '-f', 'status=created')) !== ''],
      ['SIGTERM', 143, async () => existsSync(join(engine.directory, 'SIGTERM', 'large'))],
    ];
    for (const [signal, code, isTime] of moments) {
      const out = join(engine.directory, signal);
      const child = Bun.spawn(engine.argv('gantry', ['build', '-q', '-o', out, directory]), {
        stdout: 'ignore',
        stderr: 'ignore',
      });
      while (child.exitCode === null && !(await isTime())) await Bun.sleep(1);
      child.kill(signal);
      const ended = await child.exited;
      expect(ended).toBe(code);
      await eventually(async () => (await engine.ok('docker', 'ps', '-aq')) === '', 'no container is left');
      expect(await engine.ok('gantry', 'images', '-aq')).toBe(before);
    }
    await engine.ok('gantry', 'builder', 'prune', '-af');
  },
  own,
);

once(
  'a context by the name of a stage or of an image, however that is written',
  async (engine) => {
    const other = context(engine, 'unused');
    writeFileSync(join(other, 'f'), 'from the context');
    const stages = context(
      engine,
      'FROM nowhere.example/none AS files\nRUN false\nFROM busybox\nCOPY --from=files /f /f\nRUN cat /f\n',
    );
    const files = await build(engine, '--no-cache', '--build-context', `files=${other}`, stages);
    expect([files.code, files.stderr]).toEqual([0, expect.stringContaining('from the context')]);
    for (const name of ['none', 'none:latest', 'docker.io/library/none']) {
      const images = context(engine, `FROM ${name}\nRUN echo it is there\n`);
      const built = await build(engine, '--build-context', 'none=docker-image://busybox', images);
      expect([built.code, built.stderr]).toEqual([0, expect.stringContaining('it is there')]);
    }
    const upper = await build(engine, '--build-context', `Files=${other}`, stages);
    expect(upper).toMatchObject({ code: 1, stderr: expect.stringContaining('must be lowercase') });
    await engine.ok('gantry', 'image', 'prune', '-f');
  },
  own,
);

once(
  'an image that tells of its own steps; --push',
  async (engine) => {
    await using registry = await LocalRegistry.start(engine);
    const ref = `${registry.host}/app:1`;
    const directory = context(engine, staged);
    const first = await build(engine, '--push', '-t', ref, '--cache-to', 'type=inline', directory);
    expect([first.code, first.stderr]).toEqual([0, expect.anything()]);
    await engine.ok('gantry', 'tag', ref, 'app');
    await engine.ok('gantry', 'rmi', ref);
    await forget(engine);
    const again = await build(engine, '-t', 'app', '--cache-from', ref, directory);
    expect([again.code, cached(again)]).toEqual([0, 1]);
    await forget(engine);
  },
  own,
);

once(
  'files, archives, and nothing left of the image',
  async (engine) => {
    const directory = context(engine, 'FROM scratch\nCOPY Dockerfile /a/b\n');
    const out = join(engine.directory, 'out');
    expect((await build(engine, '-q', '-o', out, directory)).code).toBe(0);
    expect(readdirSync(join(out, 'a'))).toEqual(['b']);
    expect((await build(engine, '-q', '-o', `type=oci,dest=${out}/image.tar`, directory)).code).toBe(0);
    expect(await succeed(['tar', '-tf', join(out, 'image.tar')])).toContain('index.json');
    const tar = await engine.run('gantry', ['build', '-q', '-o', '-', directory]);
    expect(tar.stdout).toContain('a/b');
    expect(await engine.ok('gantry', 'images', '-q', '-f', 'dangling=true')).toBe('');
    expect(await engine.ok('gantry', 'ps', '-aq')).toBe('');
  },
  own,
);

once(
  'a daemon that dies in the middle of a build leaves nothing, and the next build goes on from what was done',
  async (engine) => {
    const directory = context(engine, 'FROM busybox\nRUN echo done >/one\nRUN sleep 600\n');
    const running = build(engine, directory);
    await eventually(
      async () => (await engine.ok('docker', 'ps', '-q', '--no-trunc', '-f', 'status=running')).length === 64,
      'the second step runs',
    );
    await engine.stopDaemon('SIGKILL');
    expect((await running).code).not.toBe(0);
    await engine.startDaemon();
    expect(await engine.ok('docker', 'ps', '-aq')).toBe('');
    const data = join(engine.dataRoot, 'build');
    expect(readdirSync(join(data, 'contexts/once'))).toEqual([]);
    expect(existsSync(join(data, 'scratch'))).toBe(false);
    writeFileSync(join(directory, 'Dockerfile'), 'FROM busybox\nRUN echo done >/one\nRUN echo two\n');
    const next = await build(engine, directory);
    expect([next.code, next.stderr.match(/CACHED/g)?.length]).toEqual([0, 1]);
  },
  own,
);

once(
  'two builds of the same at the same time do the work once',
  async (engine) => {
    const directory = context(engine, 'FROM busybox\nRUN sleep 1; cat /proc/sys/kernel/random/uuid >/when\n');
    const both = await Promise.all([1, 2].map((n) => build(engine, '-q', '-t', `twin:${n}`, directory)));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const when = (n: number) => engine.ok('gantry', 'run', '--rm', `twin:${n}`, 'cat', '/when');
    expect(await when(1)).toBe(await when(2));
  },
  own,
);

once(
  'secrets from a file and from the environment; a network that is not there',
  async (engine) => {
    const directory = context(
      engine,
      'FROM busybox\nRUN --mount=type=secret,id=f,env=F --mount=type=secret,id=e test "$F$(cat /run/secrets/e)" = filevariable\n',
    );
    mkdirSync(join(directory, 'secret'));
    writeFileSync(join(directory, 'secret/f'), 'file');
    const flags = ['--secret', `id=f,src=${directory}/secret/f`, '--secret', 'id=e,env=E_VALUE'];
    const built = await engine.run('gantry', ['build', ...flags, directory], {
      env: { E_VALUE: 'variable' },
    });
    expect([built.code, built.stderr]).toEqual([0, expect.anything()]);
    const missing = await build(engine, '--network', 'nowhere', directory, ...flags, '--no-cache');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('network nowhere not found')]);
    expect(readFileSync(join(directory, 'secret/f'), 'utf8')).toBe('file');
  },
  own,
);

if (isGantry)
  once('what builds leave is seen and pruned', async (engine) => {
    await using fresh = await TestEngine.start();
    await busybox(fresh);
    const directory = context(engine, 'FROM busybox\nRUN head -c 1000000 /dev/urandom >/big\n');
    await fresh.ok('gantry', 'build', '-q', directory);
    // What an image has too is counted there.
    const types = async () =>
      [...(await fresh.ok('gantry', 'builder', 'du', '--verbose')).matchAll(/^Type:\s+(\S+)/gm)]
        .map(([, type]) => type)
        .toSorted();
    expect(await types()).toEqual(['regular', 'source.local']);
    expect(await fresh.ok('docker', 'builder', 'prune', '-f', '--filter', 'type=source.local')).toMatch(
      /-\w{16}\n/,
    );
    expect(await types()).toEqual(['regular']);
    expect(readdirSync(join(fresh.dataRoot, 'build/contexts/kept'))).toEqual([]);
    expect(await fresh.ok('docker', 'system', 'df')).toMatch(/Build Cache\s+1\s+0\s+0B/);
    await fresh.ok('docker', 'image', 'prune', '-af');
    expect(await fresh.ok('docker', 'system', 'df')).toMatch(/Build Cache\s+1\s+0\s+1MB/);
    const prune = (until: string) =>
      fresh.run('docker', ['builder', 'prune', '-af', '--filter', `until=${until}`]);
    expect((await prune('24h')).stdout).toContain('Total reclaimed space: 0B');
    expect(await prune('yesterday')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('failed to parse'),
    });
    expect((await prune('1ms')).stdout).toContain('1MB');
    expect(await fresh.ok('docker', 'system', 'df')).toMatch(/Build Cache\s+0\s+0\s+0B/);
  });
