/** Files that are neither data nor directories nor links: node:fs cannot make them. */
import { dlopen, ptr } from 'bun:ffi';
import { ExitError } from '../exit.ts';
import type { TarHeader } from './tar-header.ts';

const kinds = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const;

export type NodeType = keyof typeof kinds;

export const isNode = (type: string): type is NodeType => type in kinds;

let opened: ReturnType<typeof open> | null = null;

const open = () => dlopen('libc.so.6', { mknod: { args: ['ptr', 'u32', 'u64'], returns: 'i32' } }).symbols;

/** makedev(3). */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
}

/** `shown`: for the message. */
export function makeNode(path: Buffer, type: NodeType, header: TarHeader, shown: string): void {
  opened ??= open();
  const device = type === 'fifo' ? 0n : deviceNumber(header.major, header.minor);
  const text = Buffer.concat([path, Buffer.of(0)]);
  if (opened.mknod(ptr(text), kinds[type] | header.mode, device) !== 0)
    throw new ExitError(`mknod ${shown}: operation not permitted`);
}
