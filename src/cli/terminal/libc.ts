/**
 * The few calls of the C library the command line needs. Bun's `node:fs` costs 3 ms of start-up, `node:tty` 9 ms and
 * `process.stdout` 9 ms; a `dlopen` costs 0.5 ms, and only when something is written.
 */
import { dlopen, ptr } from 'bun:ffi';

const open = () =>
  dlopen('libc.so.6', {
    write: { args: ['i32', 'ptr', 'usize'], returns: 'i64' },
    poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
    isatty: { args: ['i32'], returns: 'i32' },
    ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
    tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
    tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  }).symbols;

let opened: ReturnType<typeof open> | null = null;

export const libc = (): ReturnType<typeof open> => (opened ??= open());

export const addressOf = ptr;

export function isTerminal(fd: number): boolean {
  return libc().isatty(fd) === 1;
}
