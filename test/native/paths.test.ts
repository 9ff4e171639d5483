import { afterAll, expect, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { MS } from '../../src/linux/flags.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { container, failure, output, populate, Rootfs, run } from './container.ts';

const inside = { side: 'inside', optional: false } as const;
const rootfs = new Rootfs();
/** A directory of the host that images try to reach; it must stay as it is. */
const canary = join(rootfs.directory, 'canary');
mkdirSync(canary);
writeFileSync(join(canary, 'file'), 'untouched');
afterAll(() => rootfs[Symbol.dispose]());

function untouched(): void {
  expect(readdirSync(canary)).toEqual(['file']);
  expect(readFileSync(join(canary, 'file'), 'utf8')).toBe('untouched');
}

const bind = (source: string, target: string): Operation => ({
  ...inside,
  op: 'bind',
  source,
  target,
  nonRecursive: false,
  setAttr: 0,
  clearAttr: 0,
  recursiveAttr: false,
  propagation: 0,
  subpath: '',
  uidMap: '',
  gidMap: '',
  owner: '',
});
const tmpfs = (target: string): Operation => ({
  ...inside,
  op: 'mount',
  source: 'tmpfs',
  target,
  fstype: 'tmpfs',
  flags: 0,
  data: '',
  copyUp: false,
});

test.each([
  ['absolute', canary],
  ['relative', `../../../../../../..${canary}`],
  ['into a magic link', '/proc/self/root/tmp'],
  ['to the parent of the host', '../../../..'],
])('a link of the image that leads out (%s) leads to nothing of the host', async (_name, to) => {
  symlinkSync(to, join(rootfs.lower, 'out'));
  const attempts: Operation[] = [
    tmpfs('/out/a'),
    bind('/etc', '/out/b'),
    bind('/etc/hostname', '/out/c'),
    { ...inside, op: 'mknod', target: '/out/d', type: 'c', major: 1, minor: 3, mode: 0o666, uid: 0, gid: 0 },
    { ...inside, op: 'symlink', target: '/out/e', to: '/etc' },
    { ...inside, op: 'mkdir-in-root', target: '/out/f', mode: 0o777, uid: 1, gid: 1 },
    { ...inside, op: 'mask', target: '/out/file' },
    { ...inside, op: 'readonly', target: '/out/file' },
    { ...inside, op: 'chdir', target: '/out/g', create: true },
  ];
  for (const attempt of attempts) {
    // Performed or refused, but never on the host.
    await run(container(rootfs, ['true'], { mounts: [attempt] }));
    untouched();
  }
  rmSync(join(rootfs.lower, 'out'));
  expect(existsSync('/tmp/a') || existsSync('/a')).toBe(false);
});

test('dangling links of the image are followed inside of it', async () => {
  symlinkSync('/run/gone', join(rootfs.lower, 'dangling'));
  symlinkSync('dangling/again', join(rootfs.lower, 'chained'));
  expect(
    await output(rootfs, 'grep -c /run/gone/again/x /proc/mounts', { mounts: [tmpfs('/chained/x')] }),
  ).toBe('1');
  symlinkSync('loop', join(rootfs.lower, 'loop'));
  expect(await failure(container(rootfs, ['true'], { mounts: [tmpfs('/loop/x')] }))).toMatchObject({
    errno: 40,
  });
});

test('a file in the way is an error, a name that is too long too', async () => {
  rootfs.file('plain', '');
  expect(await failure(container(rootfs, ['true'], { mounts: [tmpfs('/plain/x')] }))).toMatchObject({
    op: 'mount',
    errno: 20,
    detail: '/plain/x',
  });
  for (const long of ['x'.repeat(300), 'y/'.repeat(5000)])
    expect(await failure(container(rootfs, ['true'], { mounts: [tmpfs(`/${long}`)] }))).toMatchObject({
      errno: 36,
    });
});

test('procfs and sysfs are not mounted through a link (CVE-2019-19921)', async () => {
  using linked = new Rootfs();
  rmSync(join(linked.lower, 'proc'), { recursive: true });
  symlinkSync('tmp', join(linked.lower, 'proc'));
  expect((await failure(container(linked, ['true']))).detail).toBe(
    'proc must be mounted on an ordinary directory: /proc',
  );
});

test('a null device that is another one does not mask (CVE-2025-31133)', async () => {
  const swapped: Operation[] = [
    bind('/dev/zero', '/dev/null'),
    { ...inside, op: 'mask', target: '/etc/passwd' },
  ];
  expect(await failure(container(rootfs, ['true'], { mounts: swapped }))).toMatchObject({
    op: 'mask',
    detail: '/dev/null is not the null device',
  });
});

test('the working directory is never a descriptor of the host (CVE-2024-21626)', async () => {
  for (let fd = 3; fd < 20; fd++) {
    const list = container(rootfs, ['true'], {
      last: [{ ...inside, op: 'chdir', target: `/proc/self/fd/${fd}`, create: true }],
    });
    expect((await failure(list)).op).toBe('chdir');
  }
});

test('a working directory is made when told to, and its absence has Docker’s text', async () => {
  const chdir = (create: boolean): Operation => ({ ...inside, op: 'chdir', target: '/work/deep', create });
  expect((await failure(container(rootfs, ['true'], { last: [chdir(false)] }))).detail).toBe(
    'chdir to cwd ("/work/deep") set in config.json failed: no such file or directory',
  );
  expect(
    await output(rootfs, 'pwd; stat -c "%a %u" .', { inside: [chdir(true)], last: [chdir(false)] }),
  ).toBe('/work/deep\n755 0');
});

test('nodes that are there already and the same are left alone, others are an error', async () => {
  const node = (minor: number): Operation => ({
    ...inside,
    op: 'mknod',
    target: '/dev/null',
    type: 'c',
    major: 1,
    minor,
    mode: 0o666,
    uid: 0,
    gid: 0,
  });
  const link = (to: string): Operation => ({ ...inside, op: 'symlink', target: '/dev/fd', to });
  expect(await output(rootfs, 'echo ok', { mounts: [node(3), link('/proc/self/fd')] })).toBe('ok');
  expect(await failure(container(rootfs, ['true'], { mounts: [node(5)] }))).toMatchObject({ errno: 17 });
  expect(await failure(container(rootfs, ['true'], { mounts: [link('/x')] }))).toMatchObject({ errno: 17 });
});

test('populate keeps owners, modes, times, links, attributes and devices, and never fills what is not empty', async () => {
  const script = `set -e
    cd ${rootfs.lower}; mkdir -p data/sub; echo one >data/file; ln data/file data/sub/hard; ln -s file data/soft
    mkfifo data/pipe; chown 12:34 data data/file; chmod 4750 data/file; chmod 1777 data; setfattr -n user.x -v y data/file || true
    touch -d 2001-02-03 data/file data/sub data; mkdir ../volume ../full; echo kept >../full/x`;
  expect(Bun.spawnSync(['sh', '-c', script]).exitCode).toBe(0);
  const copy = (path: string): Operation[] => [
    { ...inside, side: 'host', op: 'unshare', flags: 0x00020000 },
    { ...inside, side: 'host', op: 'propagation', path: '/', flags: MS.REC | MS.PRIVATE },
    { ...inside, side: 'host', op: 'bind-root', source: rootfs.lower, path: rootfs.path },
    { ...inside, side: 'host', op: 'root', path: rootfs.path },
    populate('/data', path),
  ];
  for (const name of ['volume', 'full'])
    expect(await run(copy(join(rootfs.directory, name)))).toMatchObject({ code: 0, stderr: '' });
  const list = (directory: string) =>
    Bun.spawnSync([
      'sh',
      '-c',
      `cd ${directory} && find . -printf '%p %y %m %U %G %n %l %Ts\\n' | sort`,
    ]).stdout.toString();
  expect(list(join(rootfs.directory, 'volume'))).toBe(list(join(rootfs.lower, 'data')));
  expect(list(join(rootfs.directory, 'volume'))).toContain('./file f 4750 12 34 2  98');
  expect(readdirSync(join(rootfs.directory, 'full'))).toEqual(['x']);
});
