/** `gantry build` sends of a directory only what the daemon does not have from the last time; what is built is always of what is there. */
import { expect } from 'bun:test';
import { randomInt } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { eventually, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const own = 'the command line is gantry’s';

const allOfIt = 'FROM scratch\nCOPY . /\n';

/** A directory whose files were there for long, so that none of them is taken for one that may still be changing. */
async function context(engine: TestEngine, dockerfile = allOfIt): Promise<string> {
  const directory = mkdtempSync(join(engine.directory, 'context-'));
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(directory, name, 'deep'), { recursive: true });
    for (let file = 0; file < 10; file++)
      writeFileSync(join(directory, name, 'deep', `${file}`), `${name} ${file}`);
  }
  await settled();
  return directory;
}

/** See `tick` of src/cli/build/offer.ts. */
const settled = () => Bun.sleep(2100);

const build = (engine: TestEngine, ...args: string[]) =>
  engine.run('gantry', ['build', '--progress', 'plain', ...args]);

/** Builds, and says how many bytes of the context were sent. */
async function sent(engine: TestEngine, directory: string, ...args: string[]): Promise<number> {
  const { code, stderr } = await build(engine, ...args, directory);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const [, size = '', unit = ''] = [...stderr.matchAll(/transferring context: ([\d.]+)(k?B)/g)].at(-1) ?? [];
  return Number(size) * (unit === 'kB' ? 1000 : 1);
}

/** Everything about the files of a directory that a context carries. */
async function described(directory: string): Promise<string[]> {
  const all = await succeed(['find', directory, '-mindepth', '1', '-printf', '%P %y %m %n %l %Ts %s\n']);
  const lines = all.split('\n').map((line) => line.replace(/( d \S+ )\d+( .*) \d+$/, '$1$2'));
  const contents = await succeed(['sh', '-c', `cd ${directory} && find . -type f -exec sha256sum {} +`]);
  return [...lines, ...contents.split('\n')].toSorted();
}

/** What a build has of the directory, and what is there. Not from the cache: what differs in its times only would be taken from there. */
async function expectExact(engine: TestEngine, directory: string): Promise<number> {
  const out = mkdtempSync(join(engine.directory, 'out-'));
  const bytes = await sent(engine, directory, '--no-cache', '-o', out);
  expect(await described(out)).toEqual(await described(directory));
  rmSync(out, { recursive: true });
  return bytes;
}

const keptIn = (engine: TestEngine) => readdirSync(join(engine.dataRoot, 'build/contexts/kept'));

once(
  'what is unchanged is not sent; of what changed, that alone',
  async (engine) => {
    const directory = await context(engine);
    expect(await expectExact(engine, directory)).toBeGreaterThan(30 * 512);
    expect(await expectExact(engine, directory)).toBe(0);
    writeFileSync(join(directory, 'a/deep/3'), 'another');
    const one = await expectExact(engine, directory);
    expect(one).toBeGreaterThan(0);
    expect(one).toBeLessThan(10 * 512);
    await settled();
    await expectExact(engine, directory);
    expect(await expectExact(engine, directory)).toBe(0);
    expect(keptIn(engine)).toHaveLength(1);
  },
  own,
);

once(
  'content that changes with size and time left alone is seen, also right after a build',
  async (engine) => {
    const directory = await context(engine);
    const file = join(directory, 'b/deep/0');
    const time = new Date(1_000_000_000_000);
    for (let round = 0; round < 5; round++) {
      writeFileSync(file, `round ${round}`);
      utimesSync(file, time, time);
      await expectExact(engine, directory);
    }
  },
  own,
);

once(
  'whatever happens to the directory, the build has it as it is',
  async (engine) => {
    const directory = await context(engine);
    const at = (name: string) => join(directory, name);
    const changes: (() => void)[] = [
      () => rmSync(at('a'), { recursive: true }),
      () => writeFileSync(at('a'), 'a file in place of a directory'),
      () => {
        unlinkSync(at('a'));
        mkdirSync(at('a/deep'), { recursive: true });
        writeFileSync(at('a/deep/0'), 'back');
      },
      () => linkSync(at('b/deep/1'), at('c/hard')),
      () => linkSync(at('b/deep/1'), at('harder')),
      () => unlinkSync(at('b/deep/1')),
      () => symlinkSync('/etc', at('b/etc')),
      () => {
        unlinkSync(at('b/etc'));
        mkdirSync(at('b/etc'));
        writeFileSync(at('b/etc/passwd'), 'mine');
      },
      () => {
        rmSync(at('b/etc'), { recursive: true });
        symlinkSync('deep', at('b/etc'));
      },
      () => chmodSync(at('c/deep'), 0o711),
      () => chmodSync(at('c/deep/1'), 0o4711),
      () => renameSync(at('c/deep'), at('c/shallow')),
      () => writeFileSync(Buffer.concat([Buffer.from(at('not utf-8 ')), Buffer.from([0xff, 0xfe])]), 'x'),
      () => utimesSync(at('b'), 5, 5),
      () => writeFileSync(at('large'), Buffer.alloc(3_000_000, randomInt(256))),
    ];
    await expectExact(engine, directory);
    for (const change of changes) {
      change();
      await expectExact(engine, directory);
    }
    await settled();
    await expectExact(engine, directory);
    expect(await expectExact(engine, directory)).toBe(0);
  },
  own,
);

once(
  'what the step sees is what is cached: a file that is changed and changed back',
  async (engine) => {
    const directory = await context(engine, 'FROM busybox\nCOPY a /a\nRUN cat /a/deep/0\n');
    const cached = async () => (await build(engine, directory)).stderr.match(/CACHED/g)?.length ?? 0;
    await cached();
    expect(await cached()).toBe(2);
    writeFileSync(join(directory, 'a/deep/0'), 'other');
    expect(await cached()).toBe(0);
    writeFileSync(join(directory, 'a/deep/0'), 'a 0');
    expect(await cached()).toBe(2);
    writeFileSync(join(directory, 'b/deep/0'), 'nobody copies it');
    expect(await cached()).toBe(2);
  },
  own,
);

once(
  'builds of one directory at the same time, one of them from another Dockerfile',
  async (engine) => {
    const directory = await context(engine, 'FROM busybox\nCOPY a /a\nRUN sleep 1; cat /a/deep/0\n');
    writeFileSync(join(directory, 'Other'), 'FROM busybox\nCOPY b /b\nRUN sleep 1; cat /b/deep/0\n');
    await build(engine, directory);
    writeFileSync(join(directory, 'a/deep/0'), 'new a');
    writeFileSync(join(directory, 'b/deep/0'), 'new b');
    const [one, two] = await Promise.all([
      build(engine, directory),
      build(engine, '-f', join(directory, 'Other'), directory),
    ]);
    expect([one?.stderr, two?.stderr]).toEqual([
      expect.stringContaining('new a'),
      expect.stringContaining('new b'),
    ]);
    await eventually(
      async () => keptIn(engine).filter((id) => id.startsWith(idOf(engine, directory))).length === 1,
      'one stays',
    );
  },
  own,
);

/** By which its contexts begin. */
const idOf = (engine: TestEngine, directory: string): string => {
  const kept = join(engine.dataRoot, 'build/contexts/kept');
  const found = readdirSync(kept).find((id) => {
    const { name } = JSON.parse(readFileSync(join(kept, id, 'manifest.json'), 'utf8')) as { name: string };
    return name.includes(directory);
  });
  return found?.split('-')[0] ?? 'none';
};

const offer = async (engine: TestEngine, Name: string, Entries: [string, string, string][]) => {
  const body = JSON.stringify({ Name, Entries });
  const headers = { 'Content-Type': 'application/json' };
  const response = await engine.api('/gantry/contexts/offer', { method: 'POST', body, headers });
  return {
    status: response.status,
    ...((await response.json()) as { Id: string; Wanted: number[]; message: string }),
  };
};
const fill = async (engine: TestEngine, id: string, body: string | Uint8Array<ArrayBuffer>) =>
  (
    await engine.api(`/gantry/contexts/${id}/files`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/x-tar' },
    })
  ).status;

once(
  'what ends in the middle is not believed: a broken archive, a daemon that dies',
  async (engine) => {
    const entries: [string, string, string][] = [
      ['one', 'other', '1'],
      ['two', 'other', '1'],
    ];
    const first = await offer(engine, 'broken', entries);
    expect(first.Wanted).toEqual([0, 1]);
    const before = keptIn(engine).length;
    expect(await fill(engine, first.Id, 'no tar at all, but long enough to be looked at'.repeat(20))).toBe(
      400,
    );
    expect(keptIn(engine)).toHaveLength(before - 1);
    expect(await fill(engine, first.Id, '')).toBe(404);

    const second = await offer(engine, 'broken', entries);
    expect(second.Wanted).toEqual([0, 1]);
    const archive = await new Bun.Archive({ one: '1', two: '2' }).bytes();
    expect(await fill(engine, second.Id, archive)).toBe(204);
    expect(await fill(engine, second.Id, archive)).toBe(409);
    const third = await offer(engine, 'broken', [...entries, ['three', 'other', '1']]);
    expect(third.Wanted).toEqual([0, 1, 2]);
    await engine.stopDaemon('SIGKILL');
    await engine.startDaemon();
    // The second was whole, the third was not.
    expect((await offer(engine, 'broken', entries)).Wanted).toEqual([]);
    const [prefix = ''] = second.Id.split('-');
    await eventually(
      async () => keptIn(engine).filter((id) => id.startsWith(prefix)).length === 1,
      'what was half done goes',
    );
  },
  own,
);

once(
  'an incomplete context builds nothing; lists that are none of a directory are refused',
  async (engine) => {
    const { Id } = await offer(engine, 'incomplete', [['Dockerfile', 'other', '1']]);
    const body = JSON.stringify({ Context: { Id } });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await engine.api('/gantry/build', { method: 'POST', body, headers });
    expect(await answer.text()).toContain(`build context ${Id} is not complete`);
    for (const path of ['../x', '/etc/passwd', 'a/b', 'a//b', '', '.', 'x\0'])
      expect(await offer(engine, 'bad', [[path, 'other', '1']])).toMatchObject({
        status: 400,
        message: expect.stringContaining('invalid path'),
      });
  },
  own,
);

once(
  'a container with all capabilities cannot leave anything in it for the next build',
  async (engine) => {
    const attack =
      'FROM busybox\nRUN --security=insecure --mount=type=bind,target=/ctx mount -o remount,rw,bind /ctx; echo evil >/ctx/a/deep/0; cat /ctx/a/deep/0\n';
    const directory = await context(engine, attack);
    const { stderr } = await build(engine, '--allow', 'security.insecure', directory);
    expect(stderr).toContain(' evil\n');
    writeFileSync(join(directory, 'Dockerfile'), allOfIt);
    await expectExact(engine, directory);
  },
  own,
);
