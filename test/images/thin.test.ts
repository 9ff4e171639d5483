/** Plain layers that are kept once: the same blobs to everyone, whatever happens in between. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ThinStep } from '../../src/images/thin/worker.ts';
import { unpackLayers } from '../../src/images/unpack.ts';
import type { Digest } from '../../src/lib/ids.ts';
import { patience } from '../rig/command.ts';
import { rawTar } from './raw-tar.ts';
import { openStore, operation, type TestStore, temporaryDirectory } from './rig.ts';
import { thinning } from './thinning.ts';

// A skeleton waits for the file system to write everything that is due.
setDefaultTimeout(patience(60_000));

const sha = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
const text = (size: number, seed: string) => Buffer.alloc(size, `${seed} some content `);

const lower = rawTar({ name: 'etc/a', data: text(200_000, 'a') }, { name: 'etc/b', data: text(90, 'b') });
const upper = rawTar({ name: 'etc/.wh.a' }, { name: 'usr/c', data: text(100_000, 'c') });

function archive(name: string, layers: Buffer[], stored: Buffer[] = layers): Buffer<ArrayBuffer> {
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(sha) },
  };
  const document = Buffer.from(JSON.stringify(config));
  const manifest = [{ Config: 'c.json', RepoTags: [name], Layers: stored.map((_, n) => `${n}.tar`) }];
  return rawTar(
    { name: 'c.json', data: document },
    ...stored.map((data, n) => ({ name: `${n}.tar`, data })),
    { name: 'manifest.json', data: JSON.stringify(manifest) },
  );
}

const load = (t: TestStore, tar: Buffer<ArrayBuffer>) =>
  t.store.load(new Blob([tar]).stream(), { quiet: true, platform: '' }, operation());

const save = async (t: TestStore, name: string) =>
  Buffer.from(await new Response(await t.store.save([name], { platform: '' }, operation())).arrayBuffer());

const skeletons = (t: TestStore) => readdirSync(join(t.directory, 'content/skeletons'));
const files = (t: TestStore, ...layers: Buffer[]) => layers.map((layer) => t.content.isFile(sha(layer)));

for (const driver of ['overlay2', 'vfs'])
  describe(driver, () => {
    test('a thin blob is the same blob', async () => {
      using t = await openStore(driver);
      const { worker, warnings } = thinning(t);
      await load(t, archive('two:1', [lower, upper]));
      const [before, listed] = [await save(t, 'two:1'), await t.content.list()];
      await worker.run();
      expect(warnings).toEqual([]);
      expect(files(t, lower, upper)).toEqual([false, false]);
      expect(skeletons(t).length).toBe(2);
      expect((await t.content.list()).sort(byDigest)).toEqual(listed.sort(byDigest));
      expect(t.content.size(sha(lower))).toBe(lower.length);
      expect(() => t.content.path(sha(lower))).toThrow('is not a file');
      expect(Buffer.from(await t.content.head(sha(lower), 8)).toString()).toBe('etc/a\0\0\0');
      expect((await t.content.read(sha(upper), 1 << 20)).equals(upper)).toBe(true);
      expect((await save(t, 'two:1')).equals(before)).toBe(true);
    });

    test('it can be unpacked on another layer', async () => {
      using t = await openStore(driver);
      const { worker, records } = thinning(t);
      await load(t, archive('two:1', [lower, upper]));
      await worker.run();
      const layers = [upper, lower].map((layer) => ({ digest: sha(layer), diffId: sha(layer) }));
      const chain = await unpackLayers({ ...t, records }, layers, operation());
      expect(existsSync(join(t.snapshotter.layerDirectory(chain[1] ?? ''), 'etc/a'))).toBe(true);
    });
  });

const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1);

test('loaded again, it is thinned again; removed, nothing is left', async () => {
  using t = await openStore();
  const { worker } = thinning(t);
  for (let round = 0; round < 2; round++) {
    await load(t, archive('two:1', [lower, upper]));
    expect(files(t, lower, upper)).toEqual([true, true]);
    await worker.run();
    expect(files(t, lower, upper)).toEqual([false, false]);
  }
  await t.store.remove('two:1', { force: false, noPrune: false });
  expect(skeletons(t)).toEqual([]);
  expect(t.content.digests()).toEqual([]);
  expect(t.layerDirectories()).toEqual([]);
  expect(t.snapshotter.list()).toEqual([]);
});

test('the snapshot stays as long as a blob of any image is made of it', async () => {
  using t = await openStore();
  const { worker } = thinning(t);
  await load(t, archive('first:1', [lower]));
  await worker.run();
  await load(t, archive('second:1', [upper, lower]));
  await worker.run();
  await t.store.remove('first:1', { force: false, noPrune: false });
  await t.content.verify(sha(lower));
  expect(t.layerDirectories().length).toBe(3);
  await t.store.remove('second:1', { force: false, noPrune: false });
  expect(t.layerDirectories()).toEqual([]);
});

test('compressed and small layers stay as they are', async () => {
  using t = await openStore();
  const { worker } = thinning(t);
  const small = rawTar({ name: 'x', data: 'small' });
  const zipped = gzipSync(lower);
  await load(t, archive('zip:1', [lower, small], [zipped, small]));
  await worker.run();
  expect(files(t, zipped, small)).toEqual([true, true]);
  expect(skeletons(t)).toEqual([]);
});

test('a layer that gains nothing is tried once', async () => {
  using t = await openStore();
  const { worker, thin } = thinning(t);
  // Neither finds its bytes in the directory: the second member replaces the first.
  const noise = rawTar({ name: 'x', data: randomText(90_000) }, { name: 'x', data: randomText(300) });
  await load(t, archive('noise:1', [noise]));
  await worker.run();
  expect(files(t, noise)).toEqual([true]);
  expect(thin.records.isRefused(sha(noise))).toBe(true);
  expect(skeletons(t)).toEqual([]);
});

function randomText(size: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(size)));
}

test('files that have changed are noticed before the archive begins', async () => {
  using t = await openStore();
  const { worker } = thinning(t);
  await load(t, archive('one:1', [lower]));
  await worker.run();
  const [layer = ''] = (await t.store.get('one:1')).chainIds;
  writeFileSync(join(t.snapshotter.layerDirectory(layer), 'etc/a'), text(200_000, 'z'));
  await expect(save(t, 'one:1')).rejects.toThrow(/its files have changed. Run "gantry system fsck"/);
  rmSync(join(t.snapshotter.layerDirectory(layer), 'etc/a'));
  await expect(save(t, 'one:1')).rejects.toThrow(/open \/etc\/a.*gantry system fsck/);
  // A fresh copy mends the blob: what the damaged snapshot has no more, the skeleton carries.
  await load(t, archive('one:1', [lower]));
  await worker.run();
  expect(files(t, lower)).toEqual([false]);
  await t.content.verify(sha(lower));
});

test('a skeleton that is being verified is known; one that is lost then costs nothing', async () => {
  using t = await openStore();
  const known: boolean[] = [];
  const { worker, thin } = thinning(t, (step) => {
    if (step !== 'skeleton' && step !== 'verified') return;
    for (const name of skeletons(t)) known.push(thin.isKnown(name));
    if (step === 'verified') rmSync(thin.path(sha(lower)));
  });
  await load(t, archive('one:1', [lower]));
  await worker.run();
  expect(known).toEqual([true, true]);
  expect(thin.isKnown(`${sha(lower).slice(7)}.zst`)).toBe(false);
  expect(files(t, lower)).toEqual([true]);
  expect(thin.records.all()).toEqual([]);
  await t.content.verify(sha(lower));
});

test('nothing is replaced under a reader', async () => {
  using t = await openStore();
  const { worker, collector } = thinning(t);
  await load(t, archive('one:1', [lower]));
  {
    await using _ = await collector.use();
    await worker.run();
    expect(files(t, lower)).toEqual([true]);
  }
  await worker.run();
  expect(files(t, lower)).toEqual([false]);
});

for (const step of ['skeleton', 'verified', 'recorded', 'replaced'] satisfies ThinStep[])
  test(`killed when it came to: ${step}`, async () => {
    using directory = temporaryDirectory();
    const open = () =>
      openStore('', { ...directory, path: directory.path, [Symbol.dispose]: () => undefined });
    {
      using t = await open();
      await load(t, archive('two:1', [lower, upper]));
    }
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'thinning.ts'), directory.path, step], {
      stderr: 'inherit',
    });
    await child.exited;
    expect(child.signalCode).toBe('SIGKILL');
    using t = await open();
    for (const layer of [lower, upper]) await t.content.verify(sha(layer));
    const { worker, warnings } = thinning(t);
    await worker.run();
    expect(warnings).toEqual([]);
    expect(files(t, lower, upper)).toEqual([false, false]);
    for (const layer of [lower, upper]) await t.content.verify(sha(layer));
    expect(skeletons(t).sort()).toEqual([lower, upper].map((layer) => `${sha(layer).slice(7)}.zst`).sort());
    expect(readdirSync(join(t.directory, 'content/ingest'))).toEqual([]);
  });
