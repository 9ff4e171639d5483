/**
 * `docker cp` while a process of the container exchanges what the path is made of (CVE-2018-15664, CVE-2026-41568, CVE-2026-42306),
 * and the other ways in which it led out of containers. A canary on the host is neither read nor touched.
 */
import { expect } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually, patience, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const reference = 'gantry is held to more than Docker 20.10';
const secret = 'the canary sings';
const mine = 'of the container';
const rounds = Number(process.env.GANTRY_TEST_RACE_ROUNDS ?? 2000);

/** A directory of the host that no container has. */
class Canary {
  readonly path: string;
  readonly #before: string;

  constructor(engine: TestEngine, name: string) {
    this.path = join(engine.directory, name);
    mkdirSync(join(this.path, 'deep'), { recursive: true });
    for (const file of ['secret', 'deep/secret']) writeFileSync(join(this.path, file), secret);
    this.#before = this.#state();
  }

  #state(): string {
    const names = readdirSync(this.path, { recursive: true, encoding: 'utf8' }).sort();
    return ['.', ...names]
      .map((name) => {
        const { mode, uid, gid, mtimeMs } = statSync(join(this.path, name));
        return [name, mode, uid, gid, mtimeMs].join(' ');
      })
      .join('\n');
  }

  untouched(): void {
    expect(this.#state()).toBe(this.#before);
    expect(readFileSync(join(this.path, 'secret'), 'utf8')).toBe(secret);
  }
}

const archive = (engine: TestEngine, container: string, path: string, init: RequestInit = {}) =>
  engine.api(`/containers/${container}/archive?path=${encodeURIComponent(path)}`, {
    ...init,
    headers: { 'Accept-Encoding': 'identity' },
  });

/** Until there were enough, or it has taken long enough; what came out, counted. */
async function repeatedly(work: () => Promise<string>): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const end =
    Date.now() + (process.env.GANTRY_TEST_RACE_ROUNDS ? Number.POSITIVE_INFINITY : patience(20_000));
  for (let round = 0; round < rounds && Date.now() < end; round++) {
    const outcome = await work();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}

/** A container whose process exchanges `dir` and a link to the canary in the volume /w, and one that shares the volume but does not run. */
async function attacker(engine: TestEngine, name: string, target: string): Promise<string[]> {
  const program = join(engine.directory, 'exchange-static');
  await succeed(['cc', '-static', '-O1', '-o', program, join(import.meta.dir, 'programs/exchange.c')]);
  const script = `mkdir -p /w/dir/deep; echo '${mine}' >/w/dir/secret; cp /w/dir/secret /w/dir/deep; ln -s ${target} /w/link
    exec /exchange /w dir link`;
  const mounts = ['-v', `${name}:/w`, '-v', `${program}:/exchange:ro`];
  await engine.ok('docker', 'run', '-d', '--name', name, ...mounts, 'busybox', 'sh', '-ec', script);
  await eventually(
    async () =>
      (await command(engine.argv('docker', ['top', name]))).stdout.includes('/exchange /w dir link'),
    'the names are exchanged',
  );
  return [name, await engine.ok('docker', 'create', '-v', `${name}:/w`, 'busybox')];
}

for (const way of ['absolute', 'climbing'] as const)
  once(
    `a component is exchanged for a link, ${way}`,
    async (engine) => {
      const canary = new Canary(engine, `canary-${way}`);
      const target = way === 'absolute' ? canary.path : `../../../../../../../../..${canary.path}`;
      const files = join(engine.directory, `files-${way}`);
      await succeed([
        'sh',
        '-ec',
        `mkdir -p ${files}/dir/deep; cd ${files}; echo in >dir/secret; echo in >dir/deep/made; tar cf ../${way}.tar .`,
      ]);
      const body = await Bun.file(join(engine.directory, `${way}.tar`)).bytes();
      const containers = await attacker(engine, `races-${way}`, target);
      for (const container of containers) {
        const read = await repeatedly(async () => {
          const path =
            ['/w/dir/secret', '/w/dir/deep/secret', '/w/dir/deep/', '/w/dir/', '/w'][
              Math.floor(Math.random() * 5)
            ] ?? '';
          const response = await archive(engine, container, path);
          const text = await response.text().catch(() => '');
          expect(text).not.toContain(secret);
          return String(response.status);
        });
        expect(read.get('200')).toBeGreaterThan(0);
        const written = await repeatedly(async () => {
          const path = ['/w', '/w/dir', '/w/dir/deep', '/w/dir/'][Math.floor(Math.random() * 4)] ?? '';
          return String((await archive(engine, container, path, { method: 'PUT', body })).status);
        });
        expect(written.get('200')).toBeGreaterThan(0);
        canary.untouched();
        console.log(`${way}: read ${JSON.stringify([...read])}, written ${JSON.stringify([...written])}`);
      }
      await engine.ok('docker', 'rm', '-fv', ...containers);
      await engine.ok('docker', 'volume', 'rm', `races-${way}`);
    },
    reference,
  );

once(
  'links of a procfs that is bound into the container lead nowhere',
  async (engine) => {
    const canary = new Canary(engine, 'canary-proc');
    const body = await Bun.file(await tarOf(engine, 'proc', 'echo in >made')).bytes();
    const options = ['-v', '/proc:/host/proc', '--pid', 'host', '--name', 'procfs'];
    await engine.ok('docker', 'run', '-d', ...options, 'busybox', 'sleep', '1000');
    const pid = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', 'procfs');
    const roots = [
      ...[1, engine.daemonPid, Number(pid)].map((number) => `/host/proc/${number}/root`),
      '/host/proc/self/root',
    ];
    for (const state of ['running', 'exited']) {
      if (state === 'exited') await engine.ok('docker', 'kill', 'procfs');
      for (const root of roots) {
        const read = await archive(engine, 'procfs', `${root}${canary.path}/secret`);
        expect(await read.text()).not.toContain(secret);
        expect(read.status).toBe(404);
        expect(
          (await archive(engine, 'procfs', `${root}${canary.path}`, { method: 'PUT', body })).status,
        ).toBe(404);
      }
    }
    canary.untouched();
    await engine.ok('docker', 'rm', '-f', 'procfs');
  },
  reference,
);

async function tarOf(
  engine: TestEngine,
  name: string,
  script: string,
  ...options: string[]
): Promise<string> {
  const path = join(engine.directory, `${name}-files`);
  mkdirSync(path);
  await succeed(['sh', '-ec', `cd ${path}; ${script}; tar ${options.join(' ')} -cf ${path}.tar *`]);
  return `${path}.tar`;
}

once(
  'members behind links of the archive stay in the container, and no mode of the host changes (CVE-2021-41089)',
  async (engine) => {
    const canary = new Canary(engine, 'canary-members');
    const container = await engine.ok('docker', 'run', '-d', 'busybox', 'sleep', '1000');
    const first = await tarOf(
      engine,
      'links',
      `ln -s ${canary.path} out; ln -s ../../../../..${canary.path} up`,
    );
    const then = await tarOf(
      engine,
      'behind',
      'mkdir -m 700 out up; echo in >out/made; echo in >up/secret; chmod 777 up/secret',
    );
    for (const file of [first, then])
      expect(
        (await archive(engine, container, '/root', { method: 'PUT', body: await Bun.file(file).bytes() }))
          .status,
      ).toBe(200);
    canary.untouched();
    await engine.ok('docker', 'rm', '-f', container);
  },
  reference,
);

once(
  'no program of the container is run for its archives (CVE-2019-14271, CVE-2026-41567)',
  async (engine) => {
    const traps =
      'for p in xz unxz bzip2 gzip unpigz zstd tar; do printf "#!/bin/sh\\necho ran >>/ran\\n" >/bin/$p; chmod 755 /bin/$p; done';
    const container = await engine.ok(
      'docker',
      'run',
      '-d',
      'busybox',
      'sh',
      '-c',
      `rm -f /bin/tar /bin/xz /bin/unxz /bin/bzip2 /bin/gzip; ${traps}; exec sleep 1000`,
    );
    const plain = await tarOf(engine, 'packed', 'echo in >made');
    await succeed([
      'sh',
      '-ec',
      `cd ${engine.directory}; gzip -k ${plain}; xz -k ${plain}; bzip2 -k ${plain}`,
    ]);
    await eventually(
      async () => (await archive(engine, container, '/bin/zstd')).status === 200,
      'the traps are set',
    );
    for (const kind of ['gz', 'xz', 'bz2']) {
      const body = await Bun.file(`${plain}.${kind}`).bytes();
      expect((await archive(engine, container, '/root', { method: 'PUT', body })).status).toBe(200);
    }
    expect((await archive(engine, container, '/root/made')).status).toBe(200);
    expect((await archive(engine, container, '/ran')).status).toBe(404);
    await engine.ok('docker', 'rm', '-f', container);
  },
  reference,
);
