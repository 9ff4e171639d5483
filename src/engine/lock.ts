/**
 * One daemon per data root. The lock is SQLite's exclusive lock on a file of its own: an fcntl(2) lock that the kernel
 * lets go when its holder dies, however it dies.
 */
import { Database } from 'bun:sqlite';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conflict } from '../lib/errors.ts';

/** Throws conflict while another daemon holds the data root. Dispose to let go. */
export function lockDataRoot(dataRoot: string): Disposable {
  const pidPath = join(dataRoot, 'daemon.pid');
  const db = new Database(join(dataRoot, 'daemon.lock'), { create: true });
  db.run('PRAGMA busy_timeout = 0');
  try {
    db.run('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw conflict(`another gantry daemon${holder(pidPath)} uses the data root ${dataRoot}`, {
      cause,
    });
  }
  writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o644 });
  return {
    [Symbol.dispose]() {
      db.run('ROLLBACK');
      db.close();
    },
  };
}

function holder(pidPath: string): string {
  try {
    const pid = Number(readFileSync(pidPath, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? ` (process ${pid})` : '';
  } catch {
    return '';
  }
}
