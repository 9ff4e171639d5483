/** Options of a local volume (`--opt type= device= o=`): what mount(2) gets. Pure. */
import { invalid } from '../lib/errors.ts';
import { MS } from '../linux/flags.ts';
import { parseSize } from './sizes.ts';

export interface VolumeMount {
  source: string;
  fstype: string;
  flags: number;
  data: string;
}

const required: Record<string, readonly string[]> = {
  type: ['device'],
  device: ['type'],
  o: ['device', 'type'],
  size: [],
};

/** mount(8)'s names for flags; all else goes to the file system as data. `false`: the flag is taken away. */
const flags: Record<string, readonly [number, boolean]> = {
  defaults: [0, true],
  rw: [MS.RDONLY, false],
  ro: [MS.RDONLY, true],
  suid: [MS.NOSUID, false],
  nosuid: [MS.NOSUID, true],
  dev: [MS.NODEV, false],
  nodev: [MS.NODEV, true],
  exec: [MS.NOEXEC, false],
  noexec: [MS.NOEXEC, true],
  async: [MS.SYNCHRONOUS, false],
  sync: [MS.SYNCHRONOUS, true],
  dirsync: [MS.DIRSYNC, true],
  atime: [MS.NOATIME, false],
  noatime: [MS.NOATIME, true],
  diratime: [MS.NODIRATIME, false],
  nodiratime: [MS.NODIRATIME, true],
  relatime: [MS.RELATIME, true],
  norelatime: [MS.RELATIME, false],
  strictatime: [MS.STRICTATIME, true],
  nostrictatime: [MS.STRICTATIME, false],
  bind: [MS.BIND, true],
  rbind: [MS.BIND | MS.REC, true],
};

/** Throws Docker's texts for options that do not go together. */
export function checkOptions(options: Record<string, string>): void {
  for (const option of Object.keys(options))
    if (!(option in required)) throw invalid(`invalid option: ${JSON.stringify(option)}`);
  for (const option of Object.keys(options))
    for (const other of required[option] ?? [])
      if (!(other in options)) throw invalid(`missing required option: ${JSON.stringify(other)}`);
  if (sizeLimit(options) > 0 && options.device !== undefined)
    throw invalid('size limits a volume of the data root: what is mounted from a device has its own');
}

/** Bytes that the volume may hold; 0 = no limit. */
export function sizeLimit(options: Record<string, string>): number {
  return options.size === undefined ? 0 : parseSize(options.size);
}

/** null for a plain directory. */
export function volumeMount(options: Record<string, string>): VolumeMount | null {
  if (options.device === undefined) return null;
  let set = 0;
  const data: string[] = [];
  for (const option of (options.o ?? '').split(',').filter((text) => text !== '')) {
    const [bits, on] = flags[option] ?? [0, true];
    if (!(option in flags)) data.push(option);
    else set = on ? set | bits : set & ~bits;
  }
  return { source: options.device, fstype: options.type ?? '', flags: set, data: data.join(',') };
}

const networkTypes = new Set(['nfs', 'nfs4', 'cifs']);

/** The host name that `addr=` of a network file system has, for the kernel takes addresses only; "" when there is none. */
export function serverOf({ fstype, data }: VolumeMount): string {
  if (!networkTypes.has(fstype)) return '';
  return (
    data
      .split(',')
      .find((option) => option.startsWith('addr='))
      ?.slice('addr='.length) ?? ''
  );
}

export function withServer(mount: VolumeMount, address: string): VolumeMount {
  const data = mount.data
    .split(',')
    .map((option) => (option.startsWith('addr=') ? `addr=${address}` : option));
  return { ...mount, data: data.join(',') };
}
