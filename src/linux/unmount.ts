/** umount2(2). */
import { dlopen, FFIType, read } from 'bun:ffi';
import { getSystemErrorName } from 'node:util';
import { internal } from '../lib/errors.ts';

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** Detaches what is mounted at `path` (not through a symlink), at once for new users and completely when the last one is done. */
export function unmount(path: string): void {
  const libc = dlopen('libc.so.6', {
    umount2: { args: [FFIType.cstring, FFIType.i32], returns: FFIType.i32 },
    __errno_location: { args: [], returns: FFIType.ptr },
  });
  const { umount2, __errno_location } = libc.symbols;
  if (umount2(Buffer.from(`${path}\0`), MNT_DETACH | UMOUNT_NOFOLLOW) === 0) return;
  const location = __errno_location();
  throw internal(`umount ${path}: ${location ? getSystemErrorName(-read.i32(location)) : 'failed'}`);
}
