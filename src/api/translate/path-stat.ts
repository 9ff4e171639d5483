/** A path's status as the header of /containers/{id}/archive has it. */
import type { PathStat } from '../../containers/model.ts';
import { rfc3339Parts } from './time.ts';

const type = {
  mask: 0o170000,
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
} as const;
const symlink = 0o120000;
const socket = 0o140000;
const special = { setuid: 0o4000, setgid: 0o2000, sticky: 0o1000 } as const;

/** Bits of Go's os.FileMode. */
const go = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  pipe: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  char: 2 ** 21,
  sticky: 2 ** 20,
} as const;

const types: Readonly<Record<number, number>> = {
  [type.fifo]: go.pipe,
  [type.char]: go.device + go.char,
  [type.directory]: go.directory,
  [type.block]: go.device,
  [symlink]: go.symlink,
  [socket]: go.socket,
};

/** st_mode as an os.FileMode. */
export function goFileMode(mode: number): number {
  let result = (mode & 0o777) + (types[mode & type.mask] ?? 0);
  if (mode & special.setuid) result += go.setuid;
  if (mode & special.setgid) result += go.setgid;
  if (mode & special.sticky) result += go.sticky;
  return result;
}

export function pathStatHeader({ name, size, mode, mtime, linkTarget }: PathStat): string {
  const stat = {
    name,
    size,
    mode: goFileMode(mode),
    mtime: rfc3339Parts(mtime.seconds, mtime.nanoseconds),
    linkTarget,
  };
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}
