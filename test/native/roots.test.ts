/** Roots that a program serves over FUSE, and subvolumes of btrfs. */
import { afterAll, expect, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CLONE, MS } from '../../src/linux/flags.ts';
import type { Operation } from '../../src/linux/operations.ts';
import { BtrfsImage } from '../rig/btrfs.ts';
import { command, eventually, succeed } from '../rig/command.ts';
import { container, failure, populate, Rootfs, run } from './container.ts';

const host = { side: 'host' } as const;
const inside = { side: 'inside' } as const;
const rootfs = new Rootfs();
afterAll(() => rootfs[Symbol.dispose]());

const fuseOverlayfs = Bun.which('fuse-overlayfs') ?? 'fuse-overlayfs';
/** With the whole path once, by which the server is found. */
const layers = `lowerdir=${rootfs.lower},upperdir=upper,workdir=work`;

function serve(argv: string[], source = 'fuse-overlayfs'): Operation {
  return { ...host, op: 'fuse-serve', source, cwd: rootfs.directory, argv };
}
const server = serve([fuseOverlayfs, '-f', '-o', layers]);

/** The container of container.ts, on a served root. */
function served(argv: string[], first: Operation = server): Operation[] {
  const list = container(rootfs, argv).map(
    (operation): Operation =>
      operation.op === 'mount-root' ? { ...inside, op: 'fuse-root', path: rootfs.path } : operation,
  );
  return [first, ...list];
}

/** Pids of the servers of this file. */
async function servers(): Promise<number[]> {
  const { stdout } = await command(['pgrep', '-f', `^${fuseOverlayfs} .*${rootfs.directory}`]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

test('a container on a served root: files, nodes, no descriptor of the connection, and the server ends with it', async () => {
  const script =
    'echo x > /etc/new; rm /etc/group; mknod /tmp/n c 1 3; cat /tmp/n; mount | head -1; ls -l /proc/1/fd 2>/dev/null || true';
  const { code, stdout, stderr } = await run(served(['sh', '-c', script]));
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('fuse-overlayfs on / type fuse.fuse-overlayfs (rw');
  expect(stdout).not.toContain('/dev/fuse');
  expect(readFileSync(rootfs.upper('etc/new'), 'utf8')).toBe('x\n');
  expect(await servers()).toEqual([]);
});

test('the server is not in the container’s namespaces, and outlives signals that mean its session', async () => {
  const script =
    'n=0; until test -e /tmp/go || test $n -gt 3000; do n=$((n+1)); sleep 0.02; done; cat /etc/passwd';
  const child = run(served(['sh', '-c', script]));
  const pid = await eventually(async () => (await servers())[0], 'the server runs');
  for (const name of ['mnt', 'pid', 'net'])
    expect(await succeed(['readlink', `/proc/${pid}/ns/${name}`])).toBe(
      await succeed(['readlink', `/proc/self/ns/${name}`]),
    );
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.kill(pid, signal);
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  expect(descriptors.length).toBeLessThan(12);
  await succeed(['touch', `/proc/${await brother(pid)}/root/tmp/go`]);
  const { code, stdout } = await child;
  expect([code, stdout]).toEqual([0, readFileSync(join(rootfs.lower, 'etc/passwd'), 'utf8')]);
  expect(await servers()).toEqual([]);
});

/** The container's process: the server's younger brother. */
async function brother(server: number): Promise<string> {
  const parent = (await succeed(['ps', '-o', 'ppid=', '-p', String(server)])).trim();
  const children = await succeed(['pgrep', '-P', parent]);
  const child = children.split('\n').find((pid) => pid !== '' && pid !== String(server));
  if (child === undefined) throw new Error('the container does not run');
  return child;
}

test('a server that does not come up is told of, with what it said', async () => {
  const unreadable = 'fuse-overlayfs: cannot read lower dirs: No such file or directory';
  const cases: [Operation, string][] = [
    [serve(['/no/such/program']), 'the server of the root ended: no such file or directory'],
    [serve(['/bin/false']), 'the server of the root ended'],
    [serve([fuseOverlayfs, '-f', '-o', 'lowerdir=nowhere']), `the server of the root ended: ${unreadable}`],
  ];
  for (const [first, detail] of cases) {
    expect(await failure(served(['true'], first))).toEqual({ op: 'fuse-root', errno: 107, detail });
  }
  expect(await failure(served(['true'], serve([])))).toEqual({
    op: 'fuse-serve',
    errno: 22,
    detail: 'no program',
  });
  expect(await failure([server, ...served(['true'])])).toMatchObject({
    op: 'fuse-serve',
    detail: 'a second server',
  });
  const [first, clone, ...rest] = served(['true']);
  if (first === undefined || clone === undefined) throw new Error('no operations');
  for (const list of [
    [clone, first, ...rest],
    [clone, { ...server, side: 'inside' as const }, ...rest],
  ])
    expect(await failure(list)).toMatchObject({
      op: 'fuse-serve',
      detail: 'fuse-serve belongs to the host, before clone',
    });
  expect(await failure(served(['true']).slice(1))).toMatchObject({
    op: 'fuse-root',
    errno: 22,
    detail: 'there is no server',
  });
  expect(await failure(served(['true'], { ...host, op: 'propagation', path: '/', flags: 0 }))).toMatchObject({
    op: 'propagation',
  });
  expect(await failure(served(['nothing']))).toMatchObject({ op: 'exec' });
  expect(await servers()).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(rootfs.directory);
});

test('on the host side, in a mount namespace that is left again', async () => {
  const copy = mkdtempSync('/var/tmp/gantry-native-copy-');
  try {
    const { code, stderr } = await run([
      server,
      { ...host, op: 'unshare', flags: CLONE.NEWNS },
      { ...host, op: 'propagation', path: '/', flags: MS.REC | MS.PRIVATE },
      { ...host, op: 'fuse-root', path: rootfs.path },
      { ...host, op: 'root', path: rootfs.path },
      populate('/etc', copy),
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(existsSync(join(copy, 'passwd'))).toBe(true);
    expect(await servers()).toEqual([]);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

test('subvolumes are made, snapshot and deleted, those inside them too', async () => {
  await using btrfs = await BtrfsImage.create();
  const at = (...names: string[]) => join(btrfs.path, ...names);
  const create = (path: string) => run([{ ...host, op: 'subvolume-create', path }]);
  const list = async () =>
    (await succeed(['btrfs', 'subvolume', 'list', '-o', btrfs.path])).split('\n').length - 1;
  for (const path of [at('a'), at('a/nested'), at('a/nested/deep')])
    expect(await create(path)).toEqual({ code: 0, stdout: '', stderr: '' });
  writeFileSync(at('a/file'), 'one');
  expect((await run([{ ...host, op: 'subvolume-snapshot', source: at('a'), path: at('b') }])).code).toBe(0);
  writeFileSync(at('b/file'), 'two');
  expect(readFileSync(at('a/file'), 'utf8')).toBe('one');
  // What is nested is not part of a snapshot.
  expect(readdirSync(at('b/nested'))).toEqual([]);

  mkdirSync(at('a/plain'));
  const remove = (path: string): Operation[] => [{ ...host, op: 'subvolume-delete', path }];
  expect(await failure(remove(at('a/plain')))).toEqual({
    op: 'subvolume-delete',
    errno: 22,
    detail: `${at('a/plain')} is not a subvolume`,
  });
  expect(await failure(remove('/var/tmp'))).toMatchObject({
    errno: 22,
    detail: '/var/tmp is not a subvolume',
  });
  expect(await failure(remove(at('none')))).toMatchObject({ errno: 2, detail: at('none') });
  await succeed(['ln', '-s', 'a', at('link')]);
  expect((await failure(remove(at('link')))).errno).toBe(20);
  expect(existsSync(at('a/nested/deep'))).toBe(true);
  expect((await run(remove(at('a')))).code).toBe(0);
  expect((await run(remove(at('b')))).code).toBe(0);
  expect(readdirSync(btrfs.path)).toEqual(['link']);
  expect(await list()).toBe(0);
});

test('subvolumes: what cannot be', async () => {
  await using btrfs = await BtrfsImage.create();
  const at = (name: string) => join(btrfs.path, name);
  const create = (path: string): Operation[] => [{ ...host, op: 'subvolume-create', path }];
  mkdirSync(at('taken'));
  expect((await failure(create(at('taken')))).errno).toBe(17);
  expect((await failure(create(at('none/x')))).errno).toBe(2);
  expect((await failure(create('/var/tmp/gantry-no-subvolume'))).errno).toBe(25);
  expect((await failure(create(at('x'.repeat(300))))).errno).toBe(36);
  expect((await failure(create('relative'))).errno).toBe(22);
  const snapshot = (source: string, path: string): Operation[] => [
    { ...host, op: 'subvolume-snapshot', source, path },
  ];
  expect(await failure(snapshot(at('none'), at('x')))).toMatchObject({ errno: 2, detail: at('none') });
  expect(await failure(snapshot(at('taken'), at('x')))).toMatchObject({ errno: 22, detail: at('x') });
  expect(await failure(snapshot('/var/tmp', at('x')))).toMatchObject({ errno: 18 });
  expect(readdirSync(btrfs.path)).toEqual(['taken']);
});
