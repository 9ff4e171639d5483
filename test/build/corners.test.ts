/** Cases that were wrong once, most of them found by reading. */
import { afterAll, beforeAll, describe, expect, jest, test } from 'bun:test';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineRig } from '../engine/rig.ts';
import { succeed } from '../rig/command.ts';
import { build, listing, outcomes, outputOf } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

const from = (...lines: string[]) => ['FROM busybox', ...lines].join('\n');
const shown = async (dockerfile: string, files = {}, changes = {}) =>
  outputOf(await build(rig, dockerfile, files, changes));

/** A context that is made by commands, as a tar by this one. */
async function contextBy(script: string, tar = 'tar') {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-corners-'));
  try {
    await succeed(['sh', '-ec', `cd ${directory}; ${script}`]);
    const { stdout } = Bun.spawnSync([...tar.split(' '), '-C', directory, '-cf', '-', '.']);
    return { kind: 'tar' as const, archive: new Blob([stdout]).stream() };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('--link', () => {
  test('what follows stands on everything', async () => {
    const dockerfile = from(
      'RUN mkdir -m 700 /root/own',
      'COPY --link a /linked',
      'COPY b /root/own',
      'WORKDIR /root/own',
      'RUN cat /linked b; stat -c %a /root/own; rm /linked',
      'COPY --from=0 /linked* /x/',
    ).replace('COPY --from=0 /linked* /x/', 'RUN test ! -e /linked && echo gone');
    expect(await shown(dockerfile, { a: 'a', b: 'b' })).toBe('ab700\ngone\n');
  });

  test('another stage has all of it; squashed, too; from the cache, too', async () => {
    const dockerfile = `${from('RUN echo below >/below', 'COPY --link a /linked')} \nFROM scratch\nCOPY --from=0 /below /linked /`;
    expect(await listing(rig, await build(rig, dockerfile, { a: 'a' }))).toEqual(['/below', '/linked']);
    const squashed = await build(
      rig,
      from('COPY --link a /linked', 'RUN cat /linked'),
      { a: 'a' },
      { squash: true },
    );
    expect(await listing(rig, squashed, '/linked')).toEqual(['/linked']);
    const other = from('RUN echo other >/other', 'COPY --link a /linked', 'RUN cat /other /linked');
    const built = await build(rig, other, { a: 'a' });
    expect(outcomes(built)).toContain('COPY --link a /linked: cached');
    expect(outputOf(built)).toBe('other\na');
  });
});

describe('several sources', () => {
  const tree = { 'sub/f': 'f', other: 'o', 'sub/deep/g': 'g', Dockerfile: '' };
  test.each([
    [
      'COPY . sub/f /x/',
      ['/x', '/x/Dockerfile', '/x/f', '/x/other', '/x/sub', '/x/sub/deep', '/x/sub/deep/g', '/x/sub/f'],
    ],
    ['COPY sub sub/f other /x/', ['/x', '/x/deep', '/x/deep/g', '/x/f', '/x/other']],
    ['COPY sub sub/deep /x/', ['/x', '/x/deep', '/x/deep/g', '/x/f', '/x/g']],
    ['COPY sub /sub /x/', ['/x', '/x/deep', '/x/deep/g', '/x/f']],
    // Each directory that matches is one whose content is meant.
    ['COPY s* o* /x/', ['/x', '/x/deep', '/x/deep/g', '/x/f', '/x/other']],
    ['COPY * /x/', ['/x', '/x/Dockerfile', '/x/deep', '/x/deep/g', '/x/f', '/x/other']],
  ])('%s', async (line, expected) => {
    const built = await build(rig, `FROM scratch\n${line}\n`, {
      ...tree,
      Dockerfile: `FROM scratch\n${line}\n`,
    });
    expect(await listing(rig, built)).toEqual(expected);
  });

  test('one that is missing, behind one that is not', async () => {
    await expect(build(rig, from('COPY . nope /x/'))).rejects.toThrow('nope');
  });

  test('hard links between sources are files of their own', async () => {
    const context = await contextBy(
      'mkdir a b; echo one >a/f; ln a/f b/g; echo two >b/f; printf "FROM busybox\\nCOPY a b /x/\\nRUN cat /x/f /x/g\\n" >Dockerfile',
    );
    expect(await shown('', {}, { context })).toBe('two\none\n');
    const same = await contextBy(
      'mkdir a b; echo one >a/f; ln a/f b/f; printf "FROM busybox\\nCOPY a b /x/\\nRUN cat /x/f\\n" >Dockerfile',
    );
    expect(await shown('', {}, { context: same })).toBe('one\n');
  });
});

test('--parents: directories on the way are part of what is copied', async () => {
  const of = (mode: string) =>
    contextBy(
      `mkdir -p a/b; chmod ${mode} a; echo x >a/b/f; printf "FROM busybox\\nCOPY --parents a/b/f /x/\\nRUN stat -c %%a /x/a\\n" >Dockerfile`,
    );
  expect(await shown('', {}, { context: await of('755') })).toBe('755\n');
  expect(await shown('', {}, { context: await of('700') })).toBe('700\n');
});

describe('ADD', () => {
  const served = (body: string) =>
    Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body) });

  test('the name of a file from a URL leads nowhere', async () => {
    using server = served('evil');
    const up = '..%2F'.repeat(12);
    const target = join(tmpdir(), `gantry-escaped-${process.pid}`);
    const url = `http://127.0.0.1:${server.port}/${up}${target.slice(1).replaceAll('/', '%2F')}`;
    const built = await build(rig, `FROM scratch\nADD ${url} /x/\n`);
    expect(existsSync(target)).toBe(false);
    expect(await listing(rig, built)).toEqual(['/x', `/x/gantry-escaped-${process.pid}`]);
    for (const bad of ['..%2F..', 'a%2F', '%zz', 'a%00b'])
      await expect(
        build(rig, `FROM scratch\nADD http://127.0.0.1:${server.port}/${bad} /x/\n`),
      ).rejects.toMatchObject({
        kind: 'invalid',
      });
  });

  test('an archive leaves the directory that it is unpacked into as it is, and its own modes as they are', async () => {
    const context = await contextBy(
      'mkdir t; echo x >t/f; chmod 640 t/f; tar -C t -cf t.tar f; tar -C t -cf dot.tar .; printf "FROM busybox\\nRUN mkdir -m 1777 /d && chown 7:8 /d\\nADD t.tar /d/\\nADD --chmod=600 dot.tar /d/\\nRUN stat -c \'%%a %%u:%%g\' /d /d/f\\n" >Dockerfile',
    );
    expect(await shown('', {}, { context })).toBe('1777 7:8\n640 0:0\n');
  });

  test('archives from before there was a magic', async () => {
    const context = await contextBy(
      'echo x >f; tar --format=v7 -cf t.tar f; printf "FROM busybox\\nADD t.tar /d/\\nRUN cat /d/f\\n" >Dockerfile',
    );
    expect(await shown('', {}, { context })).toBe('x\n');
  });

  test('--checksum is for files', async () => {
    const line = `ADD --checksum=sha256:${'0'.repeat(64)} https://github.com/a/b.git#main /x`;
    await expect(build(rig, from(line))).rejects.toThrow(
      'checksum can only be specified for HTTP(S) sources',
    );
  });
});

describe('cache mounts', () => {
  /** As many as there are processors, which all wait for a stage that has more to run. */
  test('born with a stage that is not there yet', async () => {
    const names = Array.from({ length: availableParallelism() + 2 }, (_, index) => `s${index}`);
    const stage = (name: string) =>
      `FROM busybox AS ${name}\nRUN --mount=type=cache,id=${name},target=/cache,from=seed,source=/s cp /cache/f /${name}`;
    const dockerfile = [
      'FROM busybox AS seed\nRUN sleep 0.3\nRUN mkdir /s && echo seed >/s/f',
      ...names.map(stage),
      'FROM busybox',
      ...names.map((name) => `COPY --from=${name} /${name} /out/`),
      'RUN cat /out/*',
    ].join('\n');
    expect(await shown(dockerfile)).toBe('seed\n'.repeat(names.length));
  });

  test('one that is locked twice, and two that are locked in any order', async () => {
    const mount = (id: string, target: string) =>
      `--mount=type=cache,id=${id},target=${target},sharing=locked`;
    expect(await shown(from(`RUN ${mount('x', '/a')} ${mount('x', '/b')} touch /a/f && ls /b`))).toBe('f\n');
    const stage = (name: string, first: string, second: string) =>
      `FROM busybox AS ${name}\nRUN ${mount(first, '/1')} ${mount(second, '/2')} sleep 0.2; echo ${name} >/${name}`;
    const dockerfile = [
      stage('one', 'p', 'q'),
      stage('two', 'q', 'p'),
      'FROM busybox\nCOPY --from=one /one /\nCOPY --from=two /two /\nRUN cat /one /two',
    ].join('\n');
    expect(await shown(dockerfile)).toBe('one\ntwo\n');
  });

  test('a build that waits for one is given up', async () => {
    const locked = (id: string, command: string) =>
      from(`RUN --mount=type=cache,id=${id},target=/c,sharing=locked ${command}`);
    const first = new AbortController();
    const second = new AbortController();
    const op = (signal: AbortSignal) => ({ signal, progress: () => {}, log: () => {} });
    const holding = build(rig, locked('wait', 'sleep 600'), {}, {}, op(first.signal));
    holding.catch(() => undefined);
    while ((await rig.containers.list()).length === 0) await Bun.sleep(20);
    const waiting = build(rig, locked('wait', 'echo never'), {}, {}, op(second.signal));
    waiting.catch(() => undefined);
    await Bun.sleep(300);
    second.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    first.abort(new Error('given up too'));
    await expect(holding).rejects.toThrow('given up too');
    expect(await shown(locked('wait', 'echo free'))).toBe('free\n');
  });

  test('made by two at once', async () => {
    const stage = (name: string) =>
      `FROM base AS ${name}\nRUN --mount=type=cache,id=twins,target=/n echo ${name} >>/n/all && echo ${name} >/${name}`;
    const dockerfile = `FROM busybox AS base\nRUN true\n${['a', 'b', 'c'].map(stage).join('\n')}\nFROM busybox\nCOPY --from=a /a /\nCOPY --from=b /b /\nCOPY --from=c /c /\nRUN --mount=type=cache,id=twins,target=/n sort /n/all`;
    expect(await shown(dockerfile)).toBe('a\nb\nc\n');
  });

  test('another owner, another directory', async () => {
    const run = (options: string) =>
      from(`RUN --mount=type=cache,id=owned,target=/c${options} stat -c '%u %a' /c`);
    expect(await shown(run(''))).toBe('0 755\n');
    expect(await shown(run(',uid=1000,mode=0700'))).toBe('1000 700\n');
  });
});

test('a step that fails before it runs leaves no snapshot', async () => {
  const dockerfile = from('RUN --mount=from=busybox,target=/t --mount=type=secret,id=none,required true');
  await expect(build(rig, dockerfile)).rejects.toThrow('secret none');
  expect(rig.orphanSnapshots()).toEqual([]);
});

test('a Dockerfile whose owner no header can hold', async () => {
  const context = await contextBy(
    'printf "FROM busybox\\nRUN echo read\\n" >Dockerfile',
    'tar --format=pax --owner=+3000000 --group=+3000000',
  );
  expect(await shown('', {}, { context })).toBe('read\n');
});

test('on nothing there are no users', async () => {
  await expect(build(rig, 'FROM scratch\nCOPY --chown=nobody a /\n', { a: '' })).rejects.toThrow(
    'unable to find user nobody: no matching entries in passwd file',
  );
});

test('the name of a script is seen by it', async () => {
  const dockerfile = (name: string) => from(`RUN <<${name}\n#!/bin/sh\necho "\${0##*/}"\n${name}`);
  expect(await shown(dockerfile('ONE'))).toBe('ONE\n');
  expect(await shown(dockerfile('TWO'))).toBe('TWO\n');
});

test('an image that is cache and result at once stays', async () => {
  const first = await build(rig, from('RUN echo x >/x'), {}, { tags: ['both:1'], inlineCache: true });
  const again = await build(
    rig,
    from('RUN echo x >/x'),
    {},
    { tags: ['both:1'], inlineCache: true, cacheFrom: ['both:1'] },
  );
  expect((await rig.engine.images.get('both:1')).id).toBe(again.result.id);
  expect(first.result.id).toBe(again.result.id);
});

test('pruned to a size: what nothing stands on goes first', async () => {
  await using fresh = await EngineRig.open();
  const big = (name: string) => `RUN head -c 3000000 /dev/urandom >/${name}`;
  const { result } = await build(fresh, from(big('lower'), big('upper')));
  await fresh.engine.images.remove(result.id, { force: true, noPrune: false });
  const { builds } = fresh.engine;
  const { space } = await builds.prune({ all: true, filters: new Map(), keep: 4_000_000 });
  expect(space).toBeGreaterThan(2_900_000);
  const left = await builds.usage();
  expect(left.map(({ kind, description }) => [kind, description])).toEqual([['step', big('lower')]]);
  const again = await build(fresh, from(big('lower'), big('upper')));
  expect(outcomes(again).filter((line) => line.startsWith('RUN'))).toEqual([
    `${big('lower')}: cached`,
    `${big('upper')}: done`,
  ]);
});

test('twenty thousand names and a wildcard', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-many-'));
  try {
    mkdirSync(join(directory, 'd'));
    writeFileSync(join(directory, 'd', '0'), '');
    for (let name = 1; name < 20_000; name++)
      linkSync(join(directory, 'd', '0'), join(directory, 'd', String(name)));
    writeFileSync(join(directory, 'Dockerfile'), 'FROM busybox\nCOPY d/* /x/\nRUN ls /x | wc -l\n');
    const archive = new Blob([Bun.spawnSync(['tar', '-C', directory, '-cf', '-', '.']).stdout]).stream();
    expect((await shown('', {}, { context: { kind: 'tar', archive } })).trim()).toBe('20000');
  } finally {
    rmSync(directory, { recursive: true });
  }
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('gantry-many-'))).toEqual([]);
});

test('a context that is filled for long is there afterwards', async () => {
  const { builds } = rig.engine;
  const op = { signal: new AbortController().signal, progress: () => {}, log: () => {} };
  const entries = [{ path: 'f', directory: false, stamp: '1' }];
  const { id } = await builds.offerContext({ name: 'slow', digest: null, entries }, op);
  const archive = Bun.spawnSync(['sh', '-c', 'cd $(mktemp -d) && echo x >f && tar -cf - f']).stdout;
  async function* slowly() {
    yield archive.subarray(0, 512);
    jest.advanceTimersByTime(11 * 60_000);
    yield archive.subarray(512);
  }
  jest.useFakeTimers();
  try {
    await builds.fillContext(id, slowly(), op);
  } finally {
    jest.useRealTimers();
  }
  const built = await build(
    rig,
    '',
    {},
    { context: { kind: 'added', id }, dockerfile: { text: 'FROM scratch\nCOPY f /\n', name: 'D' } },
  );
  expect(await listing(rig, built)).toEqual(['/f']);
});

test('what is refused gives its contexts back', async () => {
  const { builds } = rig.engine;
  const op = { signal: new AbortController().signal, progress: () => {}, log: () => {} };
  const offer = () => builds.offerContext({ name: 'refused', digest: null, entries: [] }, op);
  const { id } = await offer();
  const dockerfile = { text: 'FROM scratch\nNONSENSE\n', name: 'D' };
  await expect(build(rig, '', {}, { context: { kind: 'added', id }, dockerfile })).rejects.toThrow(
    'NONSENSE',
  );
  const again = await offer();
  expect(again.id).toBe(id);
  await expect(build(rig, '', {}, { context: { kind: 'added', id }, tags: ['UPPER'] })).rejects.toThrow(
    'lowercase',
  );
  expect((await offer()).id).toBe(id);
});
