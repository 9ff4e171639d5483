/** Telling archives by their first bytes. */

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

const magic: [Compression, number[]][] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];
/** Bytes that tell. */
export const magicLength = 6;

/** Tells by the first bytes, as Docker does; names and media types are not asked. */
export function detectCompression(head: Uint8Array): Compression {
  const found = magic.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  return found?.[0] ?? 'none';
}
