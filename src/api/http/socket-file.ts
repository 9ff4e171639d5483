/** The file of a unix socket: made private before anyone can connect, removed only if it is still ours. */
import { chmodSync, chownSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { conflict, invalid } from '../../lib/errors.ts';

export interface SocketFile {
  /** Runs what binds the socket, so that the file is never open to more than its owner, not even for a moment. */
  bind(listen: () => void): void;
  /** Gives the bound socket its mode and group. */
  protect(): void;
  /** Removes the file, unless another process put its own there. */
  remove(): void;
}

/** Clears a stale socket away from `path`. Throws conflict when something listens there or the path is not a socket. */
export async function openSocketFile(
  path: string,
  options: { mode: number; group: string },
): Promise<SocketFile> {
  const gid = options.group === '' ? null : groupId(options.group);
  await clear(path);
  let inode: number | null = null;
  return {
    bind(listen) {
      const before = process.umask(0o177);
      try {
        listen();
      } finally {
        process.umask(before);
      }
    },
    protect() {
      if (gid !== null) chownSync(path, 0, gid);
      chmodSync(path, options.mode);
      inode = lstatSync(path).ino;
    },
    remove() {
      const now = lstatSync(path, { throwIfNoEntry: false });
      if (now && now.ino === inode) rmSync(path, { force: true });
    },
  };
}

async function clear(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket())
    throw conflict(`can't create unix socket ${path}: the path exists and is not a socket`);
  if (await answers(path)) throw conflict(`can't create unix socket ${path}: another process listens on it`);
  rmSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [name, , gid] = line.split(':');
    if (name === group && gid !== undefined) return Number(gid);
  }
  throw invalid(`group ${group} not found`);
}
