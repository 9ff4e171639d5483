import { afterEach, beforeEach, expect, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/lib/database.ts';
import { newContainerId } from '../../src/lib/ids.ts';
import type { RootMount } from '../../src/linux/mounts.ts';
import { VolumeService } from '../../src/volumes/volumes.ts';
import { succeed } from '../rig/command.ts';

let directory = '';
let events: string[] = [];
let db = openDatabase(':memory:');
const open = () =>
  new VolumeService({
    db,
    directory: join(directory, 'volumes'),
    emit: ({ action, id }) => events.push(`${action} ${id}`),
    log: () => {},
  });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gantry-volumes-'));
  db = openDatabase(':memory:');
  events = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const request = (name: string, more: { driver?: string; options?: Record<string, string> } = {}) => ({
  name,
  driver: '',
  options: {},
  labels: {},
  ...more,
});
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory));

test('a volume is a directory, there until it is removed', async () => {
  const volumes = open();
  const data = await volumes.create({ ...request('data'), labels: { a: 'b' } });
  expect(data.mountpoint).toBe(join(directory, 'volumes/data/_data'));
  expect(statSync(data.mountpoint).mode & 0o7777).toBe(0o755);
  expect(statSync(join(directory, 'volumes')).mode & 0o7777).toBe(0o701);
  writeFileSync(join(data.mountpoint, 'file'), 'x'.repeat(1000));
  expect(await volumes.usage('data')).toBe(1000);
  expect(await volumes.create(request('data'))).toEqual(data);
  expect(await open().get('data')).toEqual(data);
  const anonymous = await volumes.create(request(''));
  expect(anonymous.name).toMatch(/^[0-9a-f]{64}$/);
  expect(anonymous.anonymous).toBe(true);
  await volumes.remove('data', false);
  expect(existsSync(join(directory, 'volumes/data'))).toBe(false);
  await expect(volumes.get('data')).rejects.toThrow('get data: no such volume');
  expect(events).toEqual(['create data', `create ${anonymous.name}`, 'destroy data']);
});

test("what cannot be is refused with Docker's texts", async () => {
  const volumes = open();
  await volumes.create(request('data'));
  await expect(volumes.create(request('data', { driver: 'nfs' }))).rejects.toThrow(
    'volume name must be unique',
  );
  await expect(volumes.create(request('x1', { driver: 'nfs' }))).rejects.toThrow(
    'create x1: error looking up volume plugin nfs: plugin "nfs" not found',
  );
  await expect(volumes.create(request('x1', { options: { foo: '' } }))).rejects.toThrow(
    'create x1: invalid option: "foo"',
  );
  await expect(volumes.create(request('../x'))).rejects.toThrow('invalid characters');
  await expect(volumes.remove('nothing', false)).rejects.toThrow('get nothing: no such volume');
  await volumes.remove('nothing', true);
  const [a, b] = [newContainerId(), newContainerId()];
  volumes.hold('data', a);
  volumes.hold('data', a);
  volumes.hold('data', b);
  expect(open().holders('data').sort()).toEqual([a, b].sort());
  await expect(volumes.remove('data', true)).rejects.toThrow('remove data: volume is in use - [');
  volumes.release(a);
  volumes.release(b);
  await volumes.remove('data', false);
});

test('prune takes unused anonymous volumes, or all unused ones', async () => {
  const volumes = open();
  const [lost, held] = [await volumes.create(request('')), await volumes.create(request(''))];
  await volumes.create(request('named'));
  volumes.hold(held.name, newContainerId());
  writeFileSync(join(lost.mountpoint, 'file'), 'x'.repeat(500));
  expect(await volumes.prune(new Map())).toEqual({ removed: [lost.name], space: 500 });
  expect((await volumes.prune(new Map([['all', ['true']]]))).removed).toEqual(['named']);
  expect((await volumes.list()).map(({ name }) => name)).toEqual([held.name]);
});

/** An image root with a directory worth copying: as overlay, served by fuse-overlayfs, and as plain directory. */
async function imageRoots(): Promise<RootMount[]> {
  const lower = join(directory, 'lower');
  mkdirSync(join(lower, 'var/lib/db'), { recursive: true });
  writeFileSync(join(lower, 'var/lib/db/config'), 'hello', { mode: 0o640 });
  await succeed(['chown', '-R', '999:998', join(lower, 'var/lib/db')]);
  await succeed(['chmod', '0750', join(lower, 'var/lib/db')]);
  await succeed(['setfattr', '-n', 'user.note', '-v', 'kept', join(lower, 'var/lib/db/config')]).catch(
    () => '',
  );
  symlinkSync('/etc', join(lower, 'escape'));
  for (const name of ['upper', 'work', 'empty', 'upper2', 'work2']) mkdirSync(join(directory, name));
  return [
    {
      kind: 'mount',
      source: 'overlay',
      fstype: 'overlay',
      flags: 0,
      data: 'lowerdir=lower:empty,upperdir=upper,workdir=work',
      cwd: directory,
    },
    {
      kind: 'fuse',
      source: 'fuse-overlayfs',
      argv: ['/usr/bin/fuse-overlayfs', '-f', '-o', 'lowerdir=lower:empty,upperdir=upper2,workdir=work2'],
      cwd: directory,
    },
    { kind: 'bind', source: lower },
  ];
}

test('a fresh volume starts with what the image has there, owners and modes included', async () => {
  const volumes = open();
  for (const [i, root] of (await imageRoots()).entries()) {
    const name = `data${i}`;
    const { mountpoint } = await volumes.create(request(name));
    await volumes.copyUp(name, root, '/var/lib/db');
    expect(readFileSync(join(mountpoint, 'config'), 'utf8')).toBe('hello');
    expect(statSync(join(mountpoint, 'config'))).toMatchObject({ uid: 999, gid: 998, mode: 0o100640 });
    expect(statSync(mountpoint)).toMatchObject({ uid: 999, gid: 998, mode: 0o40750 });

    writeFileSync(join(mountpoint, 'config'), 'mine');
    await volumes.copyUp(name, root, '/var/lib/db');
    expect(readFileSync(join(mountpoint, 'config'), 'utf8')).toBe('mine');

    const other = await volumes.create(request(`empty${i}`));
    await volumes.copyUp(other.name, root, '/missing');
    // Links of the image are followed beneath its root only (CVE-2022-23648).
    await volumes.copyUp(other.name, root, '/escape');
    await volumes.copyUp(other.name, root, '/../../../../etc');
    expect(readdirSync(other.mountpoint)).toEqual([]);
  }
  expect(mounts()).toEqual([]);
});

test('options are mounted, and unmounted without touching what was there', async () => {
  const volumes = open();
  const fast = await volumes.create(
    request('fast', { options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,mode=1777' } }),
  );
  expect(mounts().some((line) => line.includes('- tmpfs'))).toBe(true);
  volumes.hold('fast', newContainerId());
  await volumes.create(request('fast'));
  await open().open();
  expect(mounts()).toHaveLength(1);
  writeFileSync(join(fast.mountpoint, 'x'), 'x');

  const precious = join(directory, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'file'), 'keep');
  const bound = await volumes.create(
    request('bound', { options: { type: 'none', device: precious, o: 'bind,ro' } }),
  );
  expect(readFileSync(join(bound.mountpoint, 'file'), 'utf8')).toBe('keep');
  expect(() => writeFileSync(join(bound.mountpoint, 'file'), 'x')).toThrow('EROFS');
  await volumes.remove('bound', false);
  expect(readFileSync(join(precious, 'file'), 'utf8')).toBe('keep');
  const missing = request('missing', { options: { type: 'none', device: '/does/not/exist', o: 'bind' } });
  await expect(volumes.create(missing)).rejects.toThrow(
    'failed to mount local volume: mount /does/not/exist:',
  );
  await Bun.sleep(50);
  for (const container of volumes.holders('fast')) volumes.release(container);
  await volumes.remove('fast', false);
  expect(mounts()).toEqual([]);
});
