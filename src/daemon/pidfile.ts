import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { conflict } from '../lib/errors.ts';

/** Process ids come round again: what runs under it now must look like a daemon. */
function isDaemon(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('daemon');
  } catch {
    return false;
  }
}

/** Writes our pid; refuses while another living daemon's is in it; removed at dispose. */
export function writePidfile(path: string): Disposable {
  try {
    const other = Number(readFileSync(path, 'utf8').trim());
    if (other > 0 && other !== process.pid && isDaemon(other))
      throw conflict(`process with PID ${other} is still running (see ${path})`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  writeFileSync(path, `${process.pid}`, { mode: 0o644 });
  return {
    [Symbol.dispose]: () => rmSync(path, { force: true }),
  };
}
