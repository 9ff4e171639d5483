/** Blocking writes to standard output and error: the reader's pace is ours, and the order of both streams is kept. */
import { ExitError, exitCode } from '../exit.ts';
import { addressOf, libc } from './libc.ts';

const POLLOUT = 4;
const POLLERR = 8;
const encoder = new TextEncoder();

export function writeOut(data: string | Uint8Array): void {
  writeAll(1, data);
}

export function writeErr(data: string | Uint8Array): void {
  writeAll(2, data);
}

export function writeLine(line: string): void {
  writeAll(1, `${line}\n`);
}

export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? encoder.encode(data) : data;
  let offset = 0;
  let failed = false;
  while (offset < bytes.length) {
    const written = Number(libc().write(fd, addressOf(bytes, offset), bytes.length - offset));
    if (written > 0) {
      offset += written;
      failed = false;
      continue;
    }
    // A non-blocking pipe is full (wait for room), or the write cannot succeed (then the second try fails as well).
    if (failed) throw new ExitError(fd === 1 ? 'write /dev/stdout: cannot write' : '', exitCode.failure);
    failed = waitWritable(fd);
  }
}

/** Returns true when the descriptor says it is writable, so that another failure is final. */
function waitWritable(fd: number): boolean {
  const request = new Int32Array([fd, POLLOUT]);
  libc().poll(addressOf(request), 1, -1);
  const events = (request[1] ?? 0) >> 16;
  if (events & POLLERR) throw new ExitError('', exitCode.brokenPipe);
  return true;
}
