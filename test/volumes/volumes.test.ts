import { afterEach, beforeEach, expect, test } from 'bun:test';
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/lib/database.ts';
import { newContainerId } from '../../src/lib/ids.ts';
import { VolumeService } from '../../src/volumes/volumes.ts';
import { succeed } from '../rig/command.ts';

let directory = '';
let events: string[] = [];
let db = openDatabase(':memory:');
const open = () =>
  new VolumeService({
    db,
    directory: join(directory, 'volumes'),
    pluginDirectories: [],
    registries: { repository: () => assert.fail('no registry is asked') },
    moveMounts: () => {},
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
    'create data: error looking up volume plugin nfs: plugin "nfs" not found',
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

test('options are mounted from the first user to the last, and what was there is not touched', async () => {
  const volumes = open();
  const fast = await volumes.create(
    request('fast', { options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,mode=1777' } }),
  );
  expect(mounts()).toEqual([]);
  expect(await volumes.mount('fast', 'a')).toBe(fast.mountpoint);
  await volumes.mount('fast', 'a');
  await volumes.mount('fast', 'b');
  expect(mounts()).toHaveLength(1);
  writeFileSync(join(fast.mountpoint, 'x'), 'x');
  expect((await volumes.unmount('a')).map(({ name }) => name)).toEqual(['fast']);
  expect(readFileSync(join(fast.mountpoint, 'x'), 'utf8')).toBe('x');
  await volumes.unmount('b');
  expect(mounts()).toEqual([]);
  expect(readdirSync(fast.mountpoint)).toEqual([]);

  const precious = join(directory, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'file'), 'keep');
  const bound = await volumes.create(
    request('bound', { options: { type: 'none', device: precious, o: 'bind,ro' } }),
  );
  await volumes.mount('bound', 'a');
  expect(readFileSync(join(bound.mountpoint, 'file'), 'utf8')).toBe('keep');
  expect(() => writeFileSync(join(bound.mountpoint, 'file'), 'x')).toThrow('EROFS');
  await expect(volumes.remove('bound', false)).rejects.toThrow('volume is in use');
  await volumes.unmount('a');
  await volumes.remove('bound', false);
  expect(readFileSync(join(precious, 'file'), 'utf8')).toBe('keep');
});

test('the next daemon ends the mounts of users that are gone, and mends those of others', async () => {
  const tmpfs = { options: { type: 'tmpfs', device: 'tmpfs' } };
  const before = open();
  for (const name of ['lost', 'kept', 'stray']) await before.create(request(name, tmpfs));
  await before.mount('lost', 'gone');
  await before.mount('kept', 'gone');
  const path = await before.mount('kept', 'alive');
  const stray = await before.get('stray');
  await succeed(['mount', '-t', 'tmpfs', 'tmpfs', stray.mountpoint]);
  await succeed(['umount', path]);
  const after = open();
  await after.open();
  await after.reconcile(new Set(['alive']));
  expect(mounts().map((line) => line.split(' ')[4])).toEqual([path]);
  await after.unmount('alive');
  expect(mounts()).toEqual([]);
});

test('what a killed daemon left half made is gone, or as it was', async () => {
  const at = (path: string) => join(directory, 'volumes', path);
  const before = open();
  const { mountpoint } = await before.create(request('data'));
  writeFileSync(join(mountpoint, 'file'), 'old');
  for (const path of ['.new-fresh/_data', '.gone-other/_data', '.old-data', '.new-data/_data'])
    mkdirSync(at(path), { recursive: true });
  writeFileSync(at('.spool-1'), 'x');
  renameSync(mountpoint, at('.old-data/_data'));
  await open().open();
  expect(readdirSync(at('.')).sort()).toEqual(['data']);
  expect(readFileSync(join(mountpoint, 'file'), 'utf8')).toBe('old');
});
