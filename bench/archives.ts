/** The images that bench/images.ts moves around: made up once a run, half of every file random, half text. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { oldDockerArchive } from '../test/images/archives.ts';
import { type RawMember, rawTar } from '../test/images/raw-tar.ts';

const pool = 1 << 20;

/** Distinct for each `seed`: engines keep layers that they know. */
function bytesOf(seed: number): (size: number) => Buffer {
  const text = Buffer.from(
    'the quick brown fox jumps over the lazy dog, line after line\n'.repeat(pool / 61 + 1),
  );
  const noise = Buffer.allocUnsafe(pool);
  let state = seed * 2654435761 + 1;
  for (let at = 0; at + 4 <= pool; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise.writeInt32LE(state | 0, at);
  }
  let at = 0;
  return (size) => {
    const half = size >> 1;
    at = (at + 7919) % (pool - half);
    return Buffer.concat([noise.subarray(at, at + half), text.subarray(at, at + size - half)]);
  };
}

function tree(seed: number, files: number, size: number): Buffer<ArrayBuffer> {
  const bytes = bytesOf(seed);
  const members: RawMember[] = [];
  for (let n = 0; n < files; n++) {
    if (n % 100 === 0) members.push({ name: `t${seed}-${n / 100}`, type: '5', mode: 0o755 });
    members.push({ name: `t${seed}-${Math.floor(n / 100)}/${n}`, data: bytes(size) });
  }
  return rawTar(...members);
}

/** One file of random bytes: 60 MB also when compressed. */
function lump(seed: number): Buffer<ArrayBuffer> {
  const data = Buffer.allocUnsafe(60e6);
  for (let at = 0; at < data.length; at += 65536) crypto.getRandomValues(data.subarray(at, at + 65536));
  return rawTar({ name: `lump${seed}`, data });
}

export interface Archives {
  plain: string;
  gzip: string;
  layers: string;
  /** Five layers of 60 MB. */
  large: string;
}

export const archivesIn = (directory: string): Archives => ({
  plain: join(directory, 'plain.tar'),
  gzip: join(directory, 'gzip.tar'),
  layers: join(directory, 'layers.tar'),
  large: join(directory, 'large.tar'),
});

type Layer = Buffer<ArrayBuffer>;

function write(path: string, layers: Layer[], compress?: (layer: Layer) => Uint8Array): void {
  const tags = [`bench/${basename(path, '.tar')}:1`];
  writeFileSync(path, oldDockerArchive(compress ? { layers, tags, compress } : { layers, tags }));
}

/** Run as a process of its own: it needs gigabytes, and what measures should not. */
if (import.meta.main) {
  const { plain, gzip, layers, large } = archivesIn(process.argv[2] ?? '');
  write(plain, [tree(1, 20_000, 15_000)]);
  write(gzip, [tree(2, 20_000, 15_000)], (layer) => Bun.gzipSync(layer));
  write(
    layers,
    Array.from({ length: 20 }, (_, n) => tree(100 + n, 1000, 15_000)),
  );
  write(
    large,
    Array.from({ length: 5 }, (_, n) => lump(n)),
  );
}
