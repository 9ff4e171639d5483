/** Looking at trees that others may change meanwhile. Names are bytes: an image may hold anything. */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { isErrno } from './errno.ts';

const slash = Buffer.from('/');

export function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, slash, name]);
}

/** The names in a directory; none when it is not there (any more). */
export async function namesIn(directory: Buffer): Promise<Buffer[]> {
  return (await orNull(readdir(directory, { encoding: 'buffer' }))) ?? [];
}

export function lstatIfThere(path: Buffer): Promise<BigIntStats | null> {
  return orNull(lstat(path, { bigint: true }));
}

async function orNull<T>(looking: Promise<T>): Promise<T | null> {
  try {
    return await looking;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
