/** Listing and copying between snapshots of every storage driver: nothing stays mounted, and layers hold what was placed and no more. */
import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf } from '../../src/build/files/names.ts';
import { resolveOwner } from '../../src/build/files/owner.ts';
import { type PlaceRecord, place } from '../../src/build/files/place.ts';
import type { SourceTree } from '../../src/build/files/tree.ts';
import { openDatabase } from '../../src/lib/database.ts';
import { createSnapshotter } from '../../src/snapshots/create.ts';
import { copies, describeTree, directory, entries, entry, odd, Scratch, sh } from '../native/trees.ts';
import { BtrfsImage } from '../rig/btrfs.ts';
import { command, eventually, succeed } from '../rig/command.ts';
import { inRoot } from '../rig/root.ts';

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());
const btrfs = await BtrfsImage.create();
afterAll(() => btrfs[Symbol.asyncDispose]());

const id = (n: number) => `sha256:${String(n).padStart(64, '0')}`;
const base = `mkdir -p etc app/lib opt; echo base > app/file; echo lower > app/lib/lower; printf 'web:x:1000:100::/:\\n' > etc/passwd; ln -s /app opt/app; mkfifo etc/group`;

interface Opened extends Disposable {
  tree(key: string): SourceTree;
  /** A layer made by shell scripts, on `parent`. */
  layer(key: string, parent: string | null, script: string): Promise<void>;
  prepare(key: string, parent: string | null): Promise<void>;
  /** The names that differ from the parent's, with "+", "-" and "=" for what happened. */
  changes(key: string): Promise<string[]>;
  mounted(key: string, script: string): Promise<string>;
}

async function open(driver: string): Promise<Opened> {
  const path = mkdtempSync(join(driver === 'btrfs' ? btrfs.path : '/var/tmp', 'gantry-build-'));
  const db = openDatabase(join(path, 'db'));
  const snapshotter = await createSnapshotter({ db, directory: join(path, 's'), driver });
  const kinds = { added: '+', deleted: '-', modified: '=' };
  const options = () => ({ signal: new AbortController().signal, mountPoints: [] });
  return {
    tree: (key) => ({ kind: 'snapshot', mounts: snapshotter.mounts(key) }),
    layer: (key, parent, script) =>
      snapshotter.unpack(key, parent, async (to) => {
        await sh(to, script);
        return { implied: [] };
      }),
    prepare: (key, parent) => snapshotter.prepare(key, parent),
    changes: async (key) =>
      (await snapshotter.changedPaths(key, options())).map((each) => kinds[each.kind] + each.path),
    mounted: (key, script) => inRoot(snapshotter.mounts(key), script),
    [Symbol.dispose]: () => {
      db.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Where a snapshot could have been mounted, and with which; not those of suites that run beside this one. */
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ').slice(3))
    .filter(([, point = '']) => ['/sys', '/proc'].includes(point) || point.includes('/gantry-build-'));

for (const driver of ['overlay2', 'fuse-overlayfs', 'btrfs', 'vfs']) {
  test(`${driver}: what was placed is in the layer, and no more`, async () => {
    using store = await open(driver);
    const before = mounts();
    await store.layer(id(1), null, base);
    await store.layer(id(2), id(1), 'mkdir -p upper; echo 2 > upper/two');
    await store.prepare('target', id(2));
    const all = await entries(store.tree(id(2)), ['/'], { digests: true });
    expect(all.map(({ path }) => path)).toEqual(
      '/ /app /app/file /app/lib /app/lib/lower /etc /etc/group /etc/passwd /opt /opt/app /upper /upper/two'.split(
        ' ',
      ),
    );
    expect(await resolveOwner(store.tree('target'), 'web')).toEqual({ uid: 1000, gid: 100 });
    await expect(resolveOwner(store.tree('target'), 'web:some')).rejects.toThrow('open /etc/group');
    const source = directory(
      await scratch.tree('mkdir new; echo 1 > new/1; echo over > file; touch -d @1000 new/1 new'),
    );
    await place(source, store.tree('target'), [
      { action: 'copy', source: '/new', destination: '/srv/new' },
      { action: 'copy', source: '/new/1', destination: '/srv/new/1', uid: 5 },
      { action: 'copy', source: '/file', destination: '/opt/app/file' },
      { action: 'remove', destination: '/app/lib' },
      { action: 'link', existingPath: '/srv/new/1', destination: '/opt/app/linked' },
    ]);
    expect(await store.changes('target')).toEqual(
      '=/app =/app/file -/app/lib +/app/linked +/srv +/srv/new +/srv/new/1'.split(' '),
    );
    const script = 'cat app/file app/linked; stat -c "%n %u %h %Y" srv/new/1; stat -c "%n %u %Y" srv/new';
    expect(await store.mounted('target', script)).toBe('over\n1\nsrv/new/1 5 2 1000\nsrv/new 0 1000\n');
    expect(mounts()).toEqual(before);
  });

  test(`${driver}: from one snapshot into another, every kind of entry`, async () => {
    using store = await open(driver);
    const before = mounts();
    const model = await scratch.tree(odd);
    await store.layer(id(1), null, base);
    await store.layer(id(2), id(1), `cp -a ${model} odd`);
    await store.prepare('target', id(1));
    const all = (await entries(store.tree(id(2)), ['/odd'])).map((each) => ({
      ...each,
      path: each.path.slice(4) || '/',
    }));
    const records = copies(all, '/app/made').map((record) =>
      record.action === 'copy' ? { ...record, source: `/odd${record.source}` } : record,
    );
    await place(store.tree(id(2)), store.tree('target'), records);
    const copied = await scratch.tree('true');
    await store.mounted('target', `cp -a app/made ${copied}`);
    expect(await describeTree(join(copied, 'made'))).toBe(await describeTree(model));
    expect(await entry(store.tree('target'), nameOf('/app/made/é'), 'file')).toMatchObject({ size: 1 });
    expect(mounts()).toEqual(before);
  });

  test(`${driver}: aborted or killed, no process and no mount is left`, async () => {
    using store = await open(driver);
    await store.layer(id(1), null, base);
    await store.layer(id(2), id(1), 'truncate -s 1T huge; dd if=/dev/zero of=big bs=1M count=64');
    await store.prepare('target', id(2));
    const before = mounts();
    const [source, target] = [store.tree(id(2)), store.tree('target')];
    for (const work of [
      (signal: AbortSignal) => entries(target, ['/huge'], { digests: true, signal }),
      (signal: AbortSignal) => place(source, target, endless(), { signal }),
    ]) {
      const controller = new AbortController();
      const working: Promise<unknown> = work(controller.signal);
      working.catch(() => undefined);
      const started = await descendants(process.pid);
      controller.abort(new Error('enough'));
      expect(await working.catch(String)).toBe('Error: enough');
      await eventually(async () => (await running(started)) === '', 'nothing is left');
    }
    const script = `const { place } = await import(${JSON.stringify(join(import.meta.dir, '../../src/build/files/place.ts'))});
      const { source, target } = ${JSON.stringify({ source, target })};
      await place(source, target, (function* () { for (;;) yield { action: 'copy', source: '/big', destination: '/copy' }; })());`;
    const daemon = Bun.spawn([process.execPath, '-e', script]);
    const started = await descendants(daemon.pid);
    daemon.kill('SIGKILL');
    await daemon.exited;
    await eventually(async () => (await running(started)) === '', 'nothing is left');
    expect(mounts()).toEqual(before);
  });
}

/** Waits until one that places or lists is at work, and gives the pids of all that were started for it, servers too. */
async function descendants(root: number): Promise<number[]> {
  const found = new Set([root]);
  await eventually(async () => {
    const lines = (await succeed(['ps', '-eo', 'pid=,ppid=,args='])).trim().split('\n');
    for (const line of lines) {
      const [pid, parent] = line.trim().split(/\s+/).map(Number);
      if (pid !== undefined && found.has(parent ?? 0) && !/ ps -eo /.test(line)) found.add(pid);
    }
    return lines.some(
      (line) => found.has(Number.parseInt(line, 10)) && /gantry-init (place|index) /.test(line),
    );
  }, 'it runs');
  return [...found].filter((pid) => pid !== root);
}

const running = async (pids: number[]) => (await command(['ps', '-o', 'args=', '-p', pids.join()])).stdout;

function* endless(): Generator<PlaceRecord> {
  for (;;) yield { action: 'copy', source: '/big', destination: '/copy' };
}
