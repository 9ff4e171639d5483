/** Layers that are larger than the disk, on a small file system of their own: refused while there is still room for others. */
import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { oldDockerArchive } from './archives.ts';
import { file } from './members.ts';
import { type RawMember, rawTar } from './raw-tar.ts';
import { openStore, operation, run } from './rig.ts';

const size = 64 << 20;

async function smallDisk(): Promise<AsyncDisposable & Disposable & { path: string }> {
  const path = mkdtempSync('/var/tmp/gantry-small-');
  await run(['mount', '-t', 'tmpfs', '-o', `size=${size},nr_inodes=20000`, 'tmpfs', path]);
  const dispose = async () => {
    await run(['umount', '-l', path]);
    rmSync(path, { recursive: true, force: true });
  };
  // The disk outlives the store that is opened on it.
  return { path, [Symbol.dispose]: () => undefined, [Symbol.asyncDispose]: dispose };
}

const zeros = (bytes: number): RawMember => file('zeros', '', { size: bytes });

/** A gzip layer whose tar says `bytes` of zeros and has them. */
function bomb(bytes: number): Buffer<ArrayBuffer> {
  const header = rawTar(zeros(bytes)).subarray(0, 512);
  return Buffer.concat([header, Buffer.alloc(bytes + 1024)]);
}

const cases: [string, () => Uint8Array<ArrayBuffer>][] = [
  [
    'one file',
    () =>
      oldDockerArchive({ layers: [bomb(200 << 20)], tags: ['x'], compress: (layer) => Bun.gzipSync(layer) }),
  ],
  [
    'many files',
    () =>
      oldDockerArchive({
        layers: [
          rawTar(...Array.from({ length: 100 }, (_, n) => file(`f${n}`, Buffer.alloc(1 << 20) as never))),
        ],
        tags: ['x'],
        compress: (layer) => Bun.gzipSync(layer),
      }),
  ],
  [
    'more files than inodes',
    () =>
      oldDockerArchive({
        layers: [rawTar(...Array.from({ length: 25_000 }, (_, n) => file(`f${n}`)))],
        tags: ['x'],
      }),
  ],
  [
    'an archive that is larger than the disk',
    () => oldDockerArchive({ layers: [bomb(100 << 20)], tags: ['x'] }),
  ],
  ['the same, compressed', () => Bun.gzipSync(oldDockerArchive({ layers: [bomb(100 << 20)], tags: ['x'] }))],
];

for (const [what, archive] of cases)
  test(what, async () => {
    await using disk = await smallDisk();
    using t = await openStore('', disk);
    const free = () => statfsSync(disk.path).bavail * statfsSync(disk.path).bsize;
    const before = free();
    let lowest = before;
    const watch = setInterval(() => {
      lowest = Math.min(lowest, free());
    }, 1);
    try {
      const load = t.store.load(new Blob([archive()]).stream(), { quiet: true, platform: '' }, operation());
      await expect(load).rejects.toThrow(/no space left on device/);
    } finally {
      clearInterval(watch);
    }
    expect(lowest).toBeGreaterThan(size / 100);
    expect(t.content.digests()).toEqual([]);
    expect(t.layerDirectories()).toEqual([]);
    expect(before - free()).toBeLessThan(1 << 20);
  });
