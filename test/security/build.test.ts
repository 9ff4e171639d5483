/** Rows of the CVE table that are about builds; those of COPY, contexts and mounts see build-files-races and operation-races. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { build, listing, outcomes, outputOf, quietOperation } from '../build/rig.ts';
import { EngineRig } from '../engine/rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(() => rig[Symbol.asyncDispose]());

test('CVE-2024-24557: an image that claims to be a step is not taken for one', async () => {
  const dockerfile = 'FROM busybox\nHEALTHCHECK CMD true\nRUN echo real >/made\nRUN cat /made';
  // What a poisoner would push: other files below the same history.
  await build(
    rig,
    'FROM scratch\nCOPY fake /made\nHEALTHCHECK CMD true\nLABEL x=y',
    { fake: 'poison\n' },
    { tags: ['poison'] },
  );
  const built = await build(rig, dockerfile);
  expect(outputOf(built)).toBe('real\n');
  expect(
    outcomes(built)
      .filter((line) => line.startsWith('RUN'))
      .every((line) => line.endsWith('done')),
  ).toBe(true);
  // Not even as a cache that was asked for, when it tells nothing of its steps.
  const again = await build(rig, dockerfile.replace('real', 'other'), {}, { cacheFrom: ['poison'] });
  expect(outputOf(again)).toBe('other\n');
});

test('CVE-2024-23652: what was made to mount on is never removed by its path', async () => {
  const before = readdirSync('/etc').sort();
  const dockerfile = `FROM busybox
RUN mkdir /away && ln -s /etc /stub && ln -s ../../../../../../etc /up
RUN --mount=target=/stub/mounted --mount=type=tmpfs,target=/up/other --mount=type=tmpfs,target=/gone true
RUN --mount=type=tmpfs,target=/a/b/c mv /a /moved 2>/dev/null || ln -s /etc /a/link; ls /etc/passwd`;
  const built = await build(rig, dockerfile, { f: 'x' });
  expect(outputOf(built)).toBe('/etc/passwd\n');
  expect(readdirSync('/etc').sort()).toEqual(before);
  expect(await listing(rig, built, '/gone')).toEqual([]);
  expect(await listing(rig, built, '/etc/passwd')).toEqual(['/etc/passwd']);
});

test.each([
  ['a FIFO', 'mkfifo /etc/passwd'],
  ['a link to the host’s', 'ln -s /proc/1/root/etc/passwd /etc/passwd'],
  ['a link to itself', 'ln -s passwd /etc/passwd'],
  ['a directory', 'mkdir /etc/passwd'],
  ['a device', 'mknod /etc/passwd c 1 5'],
])('CVE-2024-9676 and others: /etc/passwd is %s', async (_what, make) => {
  const base = `FROM busybox\nRUN rm /etc/passwd && ${make}\n`;
  await expect(build(rig, `${base}COPY --chown=root:root f /f`, { f: 'x' })).rejects.toThrow();
  await expect(build(rig, `${base}USER daemon\nRUN true`)).rejects.toThrow();
  await expect(build(rig, `${base}USER daemon\nWORKDIR /x`)).rejects.toThrow();
});

test('CVE-2024-23653: a Dockerfile cannot give itself more than the rule', async () => {
  for (const flag of ['--security=insecure', '--network=host'])
    await expect(build(rig, `FROM busybox\nRUN ${flag} true`)).rejects.toThrow('is not allowed');
  await expect(
    build(rig, 'FROM busybox\nONBUILD RUN --security=insecure true').then(({ result }) =>
      build(rig, `FROM ${result.id}`),
    ),
  ).rejects.toThrow('security.insecure is not allowed');
});

test('names of files that the Dockerfile or its place chooses stay in the context', async () => {
  for (const path of ['../../../../etc/passwd', '/etc/passwd', '..'])
    await expect(build(rig, '', {}, { dockerfile: { path } })).rejects.toThrow(/Cannot locate|regular file/);
  await expect(build(rig, 'FROM scratch\nCOPY <<../../x /y/\ntext\n../../x')).rejects.toThrow('invalid name');
});

test('a Dockerfile that is a link out of the context, or never ends', async () => {
  const at = async (script: string) => {
    const child = Bun.spawnSync([
      'sh',
      '-ec',
      `d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; ${script}; tar -cf - .`,
    ]);
    return build(rig, '', {}, { context: { kind: 'tar', archive: new Blob([child.stdout]).stream() } });
  };
  await expect(at('ln -s /etc/hostname Dockerfile')).rejects.toThrow('Cannot locate');
  await expect(at('ln -s Dockerfile Dockerfile')).rejects.toThrow(/symbolic links|Cannot locate/);
  await expect(at('mkfifo Dockerfile')).rejects.toThrow('no regular file');
  await expect(at('head -c 2000000 /dev/zero | tr "\\0" "#" >Dockerfile')).rejects.toThrow(
    'more than 1048576 bytes',
  );
});

test('secrets are in no layer, no history, no record', async () => {
  const value = `very-${crypto.randomUUID()}`;
  const secrets = new Map([['s', Buffer.from(value)]]);
  await build(
    rig,
    'FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s >/dev/null',
    {},
    { secrets },
    quietOperation(),
  );
  const found = Bun.spawnSync(['grep', '-rlaF', value, rig.directory]).stdout.toString();
  expect(found).toBe('');
  expect(existsSync('/run/secrets/s')).toBe(false);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('/run/secrets');
});
