/** mount(8) options of the spec as flags of mount(2), attributes of mount_setattr(2) and file system data. */
import { MOUNT_ATTR, MS } from '../linux/flags.ts';

export interface MountOptions {
  /** MS_* for a new file system. */
  flags: number;
  /** What the file system itself reads: "mode=755,size=65536k". */
  data: string;
  /** MS_SHARED, … with MS_REC; 0 = as it comes. */
  propagation: number;
  /** For binds: MOUNT_ATTR_* to set and to clear. */
  setAttr: number;
  clearAttr: number;
  /** An option such as `rro` that is meant for all submounts. */
  recursiveAttr: boolean;
  bind: boolean;
  recursive: boolean;
  copyUp: boolean;
}

interface Flag {
  ms: number;
  attr: number;
  clear?: true;
}

const ATIME = MS.NOATIME | MS.RELATIME | MS.STRICTATIME;

const flagOptions: Readonly<Record<string, Flag>> = {
  ro: { ms: MS.RDONLY, attr: MOUNT_ATTR.RDONLY },
  rw: { ms: MS.RDONLY, attr: MOUNT_ATTR.RDONLY, clear: true },
  nosuid: { ms: MS.NOSUID, attr: MOUNT_ATTR.NOSUID },
  suid: { ms: MS.NOSUID, attr: MOUNT_ATTR.NOSUID, clear: true },
  nodev: { ms: MS.NODEV, attr: MOUNT_ATTR.NODEV },
  dev: { ms: MS.NODEV, attr: MOUNT_ATTR.NODEV, clear: true },
  noexec: { ms: MS.NOEXEC, attr: MOUNT_ATTR.NOEXEC },
  exec: { ms: MS.NOEXEC, attr: MOUNT_ATTR.NOEXEC, clear: true },
  nodiratime: { ms: MS.NODIRATIME, attr: MOUNT_ATTR.NODIRATIME },
  diratime: { ms: MS.NODIRATIME, attr: MOUNT_ATTR.NODIRATIME, clear: true },
  nosymfollow: { ms: MS.NOSYMFOLLOW, attr: MOUNT_ATTR.NOSYMFOLLOW },
  symfollow: { ms: MS.NOSYMFOLLOW, attr: MOUNT_ATTR.NOSYMFOLLOW, clear: true },
  sync: { ms: MS.SYNCHRONOUS, attr: 0 },
  async: { ms: MS.SYNCHRONOUS, attr: 0, clear: true },
  dirsync: { ms: MS.DIRSYNC, attr: 0 },
  mand: { ms: MS.MANDLOCK, attr: 0 },
  nomand: { ms: MS.MANDLOCK, attr: 0, clear: true },
  silent: { ms: MS.SILENT, attr: 0 },
  loud: { ms: MS.SILENT, attr: 0, clear: true },
  lazytime: { ms: MS.LAZYTIME, attr: 0 },
  nolazytime: { ms: MS.LAZYTIME, attr: 0, clear: true },
};

/** The modes of access time exclude each other: each replaces the one before. */
const accessTimes: Readonly<Record<string, { ms: number; attr: number }>> = {
  atime: { ms: 0, attr: 0 },
  relatime: { ms: MS.RELATIME, attr: 0 },
  norelatime: { ms: 0, attr: 0 },
  noatime: { ms: MS.NOATIME, attr: MOUNT_ATTR.NOATIME },
  strictatime: { ms: MS.STRICTATIME, attr: MOUNT_ATTR.STRICTATIME },
  nostrictatime: { ms: 0, attr: 0 },
};

const propagations: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE | MS.REC,
  shared: MS.SHARED,
  rshared: MS.SHARED | MS.REC,
  slave: MS.SLAVE,
  rslave: MS.SLAVE | MS.REC,
  unbindable: MS.UNBINDABLE,
  runbindable: MS.UNBINDABLE | MS.REC,
};

const ignored: ReadonlySet<string> = new Set(['defaults', 'newinstance', 'remount']);

function applyFlag(result: MountOptions, { ms, attr, clear }: Flag): void {
  if (clear) {
    result.flags &= ~ms;
    result.setAttr &= ~attr;
    result.clearAttr |= attr;
  } else {
    result.flags |= ms;
    result.setAttr |= attr;
    result.clearAttr &= ~attr;
  }
}

function applyAccessTime(result: MountOptions, { ms, attr }: { ms: number; attr: number }): void {
  result.flags = (result.flags & ~ATIME) | ms;
  result.setAttr = (result.setAttr & ~MOUNT_ATTR.ATIME) | attr;
  result.clearAttr |= MOUNT_ATTR.ATIME;
}

/** True when the word was one of the mount itself, not of its file system. */
function applyOption(result: MountOptions, word: string): boolean {
  const flag = flagOptions[word];
  const time = accessTimes[word];
  const propagation = propagations[word];
  if (flag) applyFlag(result, flag);
  else if (time) applyAccessTime(result, time);
  else if (propagation !== undefined) result.propagation = propagation;
  else if (word === 'bind' || word === 'rbind') {
    result.bind = true;
    result.recursive = word === 'rbind';
  } else if (word === 'tmpcopyup') result.copyUp = true;
  else return ignored.has(word);
  return true;
}

/** Later words win over earlier ones. `rro`, `rnosuid`, … are their plain words for all submounts (OCI config.md, Linux mount options). */
export function parseMountOptions(words: readonly string[]): MountOptions {
  const result: MountOptions = {
    flags: 0,
    data: '',
    propagation: 0,
    setAttr: 0,
    clearAttr: 0,
    recursiveAttr: false,
    bind: false,
    recursive: false,
    copyUp: false,
  };
  const data = new Map<string, string>();
  for (const word of words) {
    if (word === '' || applyOption(result, word)) continue;
    const plain = word.slice(1);
    if (word.startsWith('r') && (flagOptions[plain] || accessTimes[plain])) {
      applyOption(result, plain);
      result.recursiveAttr = true;
    } else data.set(word.split('=', 1)[0] ?? '', word);
  }
  result.data = [...data.values()].join(',');
  return result;
}
