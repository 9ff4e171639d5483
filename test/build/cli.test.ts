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

once(
  'a cache in a registry serves another engine; --push',
  async (engine) => {
    await using registry = await LocalRegistry.start(engine);
    const ref = `${registry.host}/app`;
    const directory = context(engine, `FROM busybox\nRUN date +%N >/first\nRUN date +%N >/second\n`);
    const cache = `type=registry,ref=${ref}:cache`;
    const first = await build(engine, '--push', '-t', `${ref}:1`, '--cache-to', cache, directory);
    expect([first.code, first.stderr.slice(-500)]).toEqual([0, expect.anything()]);
    const made = await engine.ok('gantry', 'run', '--rm', `${ref}:1`, 'cat', '/first', '/second');
    await engine.ok('gantry', 'rmi', `${ref}:1`, `${ref}:cache`);
    await engine.ok('gantry', 'builder', 'prune', '-af');
    const again = await build(engine, '-t', 'again', '--cache-from', cache, directory);
    expect(again.stderr.match(/CACHED/g)).toHaveLength(2);
    expect(await engine.ok('gantry', 'run', '--rm', 'again', 'cat', '/first', '/second')).toBe(made);
    await engine.ok('gantry', 'rmi', '-f', 'again', `${ref}:cache`);
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
    const directory = context(engine, 'FROM busybox\nRUN sleep 1; date +%N >/when\n');
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
    expect(await fresh.ok('docker', 'builder', 'prune', '-af')).toContain('1MB');
    expect(await fresh.ok('docker', 'system', 'df')).toMatch(/Build Cache\s+0\s+0\s+0B/);
  });
