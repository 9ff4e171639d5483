/**
 * The member "./" of a tar: owner, mode and time of the volume's root directory. gantry-init tar leaves it out and untar leaves it
 * alone (of an image's root others decide), but a database wants its directory back as it was.
 */
import { chmodSync, chownSync, type Stats, utimesSync } from 'node:fs';
import type { Peeked } from '../../archive/peeked.ts';

export interface RootMember {
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since the epoch. */
  mtime: number;
}

const blockSize = 512;
/** How far in the root's header may be, behind pax headers of its own. */
const lookLimit = 64 << 10;

const fields = { mode: [100, 8], uid: [108, 8], gid: [116, 8], size: [124, 12], mtime: [136, 12] } as const;

/** Numbers too large for octal digits are binary, with the first bit set, as GNU tar has it. */
function putNumber(block: Buffer, field: keyof typeof fields, value: number): void {
  const [at, width] = fields[field];
  const digits = value.toString(8);
  if (digits.length < width) {
    block.write(digits.padStart(width - 1, '0'), at, 'latin1');
    return;
  }
  block.writeUIntBE(value, at + width - 6, 6);
  block.writeUInt8(0x80, at);
}

function getNumber(block: Buffer, field: keyof typeof fields): number {
  const [at, width] = fields[field];
  const bytes = block.subarray(at, at + width);
  if (((bytes[0] ?? 0) & 0x80) !== 0) return bytes.readUIntBE(width - 6, 6);
  return Number.parseInt(bytes.toString('latin1').replace(/\0.*$/, '').trim() || '0', 8);
}

function checksum(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

export function rootMember({ mode, uid, gid, mtimeMs }: Stats): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write('./', 0, 'latin1');
  putNumber(block, 'mode', mode & 0o7777);
  putNumber(block, 'uid', uid);
  putNumber(block, 'gid', gid);
  putNumber(block, 'size', 0);
  putNumber(block, 'mtime', Math.max(0, Math.floor(mtimeMs / 1000)));
  block.write('5', 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** What the archive says of the root, when that comes first; null: it says nothing. */
export async function peekRoot(archive: Peeked): Promise<RootMember | null> {
  for (let at = 0; at < lookLimit; ) {
    const block = (await archive.head(at + blockSize)).subarray(at);
    if (block.length < blockSize || checksum(block) !== storedChecksum(block)) return null;
    const type = block.toString('latin1', 156, 157);
    if (type === 'x' || type === 'g') {
      at += blockSize + Math.ceil(getNumber(block, 'size') / blockSize) * blockSize;
      continue;
    }
    const name = block.toString('latin1', 0, 100).replace(/\0.*$/, '');
    return type === '5' && /^\.?\/*$/.test(name) ? read(block) : null;
  }
  return null;
}

const storedChecksum = (block: Buffer) =>
  Number.parseInt(block.toString('latin1', 148, 156).replace(/\0.*$/, '').trim(), 8);

const read = (block: Buffer): RootMember => ({
  mode: getNumber(block, 'mode') & 0o7777,
  uid: getNumber(block, 'uid'),
  gid: getNumber(block, 'gid'),
  mtime: getNumber(block, 'mtime'),
});

/** The directory is the engine's own: nobody else can have put something in its place. */
export function applyRoot(directory: string, { mode, uid, gid, mtime }: RootMember): void {
  chownSync(directory, uid, gid);
  chmodSync(directory, mode);
  utimesSync(directory, mtime, mtime);
}
