/** An idle daemon gives memory back. */
import { dlopen, FFIType } from 'bun:ffi';
import { readFileSync } from 'node:fs';

/** Milliseconds without an event. */
const idle = 3000;

/** madvise(2): a page of a file that is needed again is mapped again from the page cache. */
const MADV_DONTNEED = 4;

/** The executable parts of this program's file: nobody writes to them. */
export function* codeMappings(): Generator<{ start: number; size: number }> {
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9]\d* +(.*)$/.exec(line);
    if (match?.[3] !== process.execPath) continue;
    const start = Number.parseInt(match[1] ?? '', 16);
    yield { start, size: Number.parseInt(match[2] ?? '', 16) - start };
  }
}

/** Of 37 MiB of Bun's code the next container needs some; the rest was for the start, or lies beside what was used. */
export function giveBack(): void {
  Bun.gc(true);
  const { symbols, close } = dlopen('libc.so.6', {
    madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  });
  for (const { start, size } of codeMappings()) symbols.madvise(start, size, MADV_DONTNEED);
  close();
}

/** Gives back after the start and after each burst of events. Ends with `events`. */
export async function giveBackWhenIdle(events: AsyncIterable<unknown>): Promise<void> {
  const timer = setTimeout(giveBack, idle).unref();
  for await (const _ of events) timer.refresh();
  clearTimeout(timer);
}
