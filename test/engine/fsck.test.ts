/** fsck beside a running engine: every damage is found, named, and mended when nothing is lost by it. */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Finding } from '../../src/engine/model.ts';
import type { Progress } from '../../src/lib/op.ts';
import { rawTar } from '../images/raw-tar.ts';
import { patience } from '../rig/command.ts';
import { busyboxTar } from '../rig/images.ts';
import { EngineRig } from './rig.ts';

setDefaultTimeout(patience(60_000));

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open({ thinLayers: false });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const data = (...path: string[]) => join(rig.directory, 'data', ...path);
const operation = (steps: Progress[] = []) => ({
  signal: new AbortController().signal,
  progress: (step: Progress) => void steps.push(step),
  log: () => {},
});

const fsck = (repair = false) => rig.engine.system.fsck({ repair }, operation());

/** Found as expected, mended, and then clean. */
async function mends(kind: Finding['kind'], subject: string, repair: string): Promise<void> {
  const found = await fsck();
  expect(found.map((each) => [each.kind, each.subject, each.repaired])).toEqual([[kind, subject, false]]);
  expect(found[0]?.repair).toContain(repair);
  const mended = await fsck(true);
  expect(mended.map((each) => [each.kind, each.subject, each.repaired])).toEqual([[kind, subject, true]]);
  expect(await fsck()).toEqual([]);
}

async function importBusybox(name: string, compressed = false): Promise<string> {
  const bytes = await Bun.file(busyboxTar).bytes();
  const options = { name, message: name, changes: ['CMD ["sh"]'], platform: '' };
  const tar = new Blob([compressed ? new Uint8Array(gzipSync(bytes)) : bytes]);
  return rig.engine.images.import(tar.stream(), options, operation());
}

/** One byte in the middle of a file becomes another. */
function flip(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from('!'), 0, 1, Math.floor(statSync(path).size / 2));
}

const blobPath = (digest: string) => data('content/blobs/sha256', digest.replace('sha256:', ''));

function sql<T>(work: (db: Database) => T): T {
  const db = new Database(data('gantry.db'));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const numberOf = (key: string) =>
  sql((db) => db.query<{ number: number }, [string]>('SELECT number FROM snapshots WHERE key = ?').get(key))
    ?.number ?? 0;

const driver = () => readdirSync(data('snapshots'))[0] ?? '';
const snapshotPath = (key: string) => data('snapshots', driver(), String(numberOf(key)));

test('a fresh engine with a running container is clean', async () => {
  const id = await rig.start(['sleep', '60'], { hostConfig: { binds: ['fresh:/data'] } });
  const steps: Progress[] = [];
  expect(await rig.engine.system.fsck({ repair: false }, operation(steps))).toEqual([]);
  expect(steps.flatMap((step) => (step.kind === 'status' ? [step.status] : []))).toContain('Checking images');
  await rig.remove(id);
  await rig.engine.volumes.remove('fresh', false);
});

test('orphans of every directory', async () => {
  const orphans = [
    data('content/rubbish'),
    data('content/blobs/sha256/rubbish'),
    blobPath('0'.repeat(64)),
    data('content/skeletons/x.zst'),
    data('snapshots/elsewhere'),
    data('snapshots', driver(), '999999'),
    data('containers', 'f'.repeat(64)),
  ];
  for (const path of orphans) {
    if (basename(path).includes('.') || path.includes('blobs')) writeFileSync(path, 'orphan');
    else mkdirSync(join(path, 'deep'), { recursive: true });
  }
  const found = await fsck();
  const kinds = found.filter(({ kind }) => kind === 'orphan').map(({ subject }) => subject);
  expect(kinds.sort()).toEqual([...orphans].sort());
  expect(orphans.every((path) => existsSync(path))).toBe(true);
  expect((await fsck(true)).every(({ repaired }) => repaired)).toBe(true);
  expect(orphans.some((path) => existsSync(path))).toBe(false);
  expect(await fsck()).toEqual([]);
});

test('a config of which a byte has changed, or that is gone, comes from the record', async () => {
  const { id } = await rig.engine.images.get('busybox');
  flip(blobPath(id));
  await mends('blob', id, 'written again from the record');
  rmSync(blobPath(id));
  await mends('image', 'busybox:latest', 'written again from the record');
});

test('a layer whose directory is gone is unpacked again, and containers on it work', async () => {
  const { chainIds } = await rig.engine.images.get('busybox');
  const [layer = ''] = chainIds;
  rmSync(snapshotPath(layer), { recursive: true });
  await mends('snapshot', layer, 'unpacked again from');
  expect((await rig.run(['echo', 'works'])).out).toBe('works\n');
  for (const { id } of await rig.containers.list()) await rig.remove(id);
});

test('a damaged layer: found; what still runs is kept, for nobody could bring it back', async () => {
  const id = await importBusybox('zipped:1', true);
  const blobs = sql((db) =>
    db.query<{ digest: string }, [string]>('SELECT digest FROM target_blobs WHERE image = ?').all(id),
  );
  const blob =
    blobs
      .map(({ digest }) => digest)
      .sort(bySize)
      .at(-1) ?? '';
  flip(blobPath(blob));
  const found = await fsck(true);
  expect(found.map(({ kind, repaired }) => [kind, repaired])).toEqual([
    ['blob', true],
    ['image', false],
  ]);
  expect(found[0]?.subject).toBe(blob);
  expect(found[1]?.detail).toContain(`its layer ${blob} is missing`);
  expect(existsSync(blobPath(blob))).toBe(false);
  // Loading it again mends it.
  await importBusyboxAgain(blob);
  expect(await fsck()).toEqual([]);
  await rig.engine.images.remove('zipped:1', { force: true, noPrune: false });
});

const bySize = (a: string, b: string) => statSync(blobPath(a)).size - statSync(blobPath(b)).size;

async function importBusyboxAgain(blob: string): Promise<void> {
  await importBusybox('again:1', true);
  expect(existsSync(blobPath(blob))).toBe(true);
  await rig.engine.images.remove('again:1', { force: true, noPrune: false });
}

test('an image that can neither run nor be saved goes, once no container is made of it', async () => {
  const options = { name: 'lone:1', message: '', changes: ['CMD ["x"]'], platform: '' };
  const layer = rawTar({ name: 'x', data: 'nobody else has this' });
  await rig.engine.images.import(new Blob([layer]).stream(), options, operation());
  const { target, chainIds } = await rig.engine.images.get('lone:1');
  const ofImage = (found: Finding[]) =>
    found
      .filter(({ kind }) => kind === 'image')
      .map(({ subject, repair, repaired }) => [subject, repair, repaired]);
  rmSync(blobPath(target));
  expect(ofImage(await fsck(true))).toEqual([['lone:1', null, false]]);
  const container = await rig.create(['x'], { config: { image: 'lone:1' } });
  rmSync(snapshotPath(chainIds[0] ?? ''), { recursive: true });
  expect(ofImage(await fsck(true))).toEqual([['lone:1', null, false]]);
  await rig.remove(container);
  expect(ofImage(await fsck(true))).toEqual([['lone:1', 'removed: load it again', true]]);
  await expect(rig.engine.images.get('lone:1')).rejects.toThrow('No such image');
  expect(await fsck()).toEqual([]);
});

test('names that point nowhere', async () => {
  const gone = `sha256:${'1'.repeat(64)}`;
  sql((db) => {
    db.run('PRAGMA foreign_keys = OFF');
    db.run('INSERT INTO image_names VALUES (?, ?, ?, ?)', ['docker.io/library/ghost', 'latest', gone, gone]);
  });
  await mends('record', `image_names docker.io/library/ghost latest ${gone} ${gone}`, 'deleted');
});

test('volumes: directories and records', async () => {
  await rig.engine.volumes.create({ name: 'lost', driver: '', options: {}, labels: {} });
  rmSync(data('volumes/lost'), { recursive: true });
  await mends('volume', 'lost', 'record removed');
  const id = await rig.create(['true'], { hostConfig: { binds: ['held:/x'] } });
  rmSync(data('volumes/held'), { recursive: true });
  await mends('volume', 'held', 'made again, empty');
  await rig.remove(id);
  mkdirSync(data('volumes/found/_data'), { recursive: true });
  writeFileSync(data('volumes/found/_data/precious'), 'kept');
  await mends('volume', 'found', 'it is a volume again');
  expect(existsSync(data('volumes/found/_data/precious'))).toBe(true);
  for (const name of ['held', 'found']) await rig.engine.volumes.remove(name, true);
});

test('containers without their files', async () => {
  const id = await rig.create(['true'], { name: 'broken' });
  const path = snapshotPath(id);
  renameSync(path, `${path}.away`);
  const found = await fsck(true);
  expect(
    found
      .filter(({ kind }) => kind !== 'orphan')
      .map(({ kind, subject, repaired }) => [kind, subject, repaired]),
  ).toEqual([
    ['snapshot', id, false],
    ['container', 'broken', false],
  ]);
  // The moved directory was an orphan.
  expect(existsSync(`${path}.away`)).toBe(false);
  await rig.remove(id);
  expect(await fsck()).toEqual([]);
});

test('what is being made meanwhile is no orphan', async () => {
  const made = (async () => {
    for (let round = 0; round < 6; round++) {
      const id = await rig.start(['sleep', '60']);
      await importBusybox(`meanwhile:${round}`);
      await rig.remove(id);
    }
  })();
  let ended = false;
  const end = () => {
    ended = true;
  };
  made.then(end, end);
  const found: Finding[] = [];
  while (!ended) found.push(...(await fsck(true)));
  await made;
  expect(found).toEqual([]);
  for (let round = 0; round < 6; round++)
    await rig.engine.images.remove(`meanwhile:${round}`, { force: true, noPrune: false });
  expect(await fsck()).toEqual([]);
});

test('one at a time', async () => {
  const first = fsck();
  await expect(fsck()).rejects.toThrow('another check of the data root is running');
  expect(await first).toEqual([]);
});
