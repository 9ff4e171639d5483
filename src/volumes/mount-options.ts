/** Options of a local volume (`--opt type= device= o=`): what mount(2) gets. Pure. */
import { invalid } from '../lib/errors.ts';
import { MS } from '../linux/flags.ts';

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
};

/** mount(8)'s names for flags; all else goes to the file system as data. */
const flagOf: Record<string, number> = {
  defaults: 0,
  rw: 0,
  ro: MS.RDONLY,
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  sync: MS.SYNCHRONOUS,
  dirsync: MS.DIRSYNC,
  noatime: MS.NOATIME,
  nodiratime: MS.NODIRATIME,
  relatime: MS.RELATIME,
  strictatime: MS.STRICTATIME,
  bind: MS.BIND,
  rbind: MS.BIND | MS.REC,
};

/** null for a plain directory. Throws Docker's texts for options that do not go together. */
export function volumeMount(options: Record<string, string>): VolumeMount | null {
  for (const option of Object.keys(options))
    if (option !== 'size' && !(option in required))
      throw invalid(`invalid option: ${JSON.stringify(option)}`);
  if ('size' in options) throw invalid('quota size requested but no quota support');
  for (const option of Object.keys(options))
    for (const other of required[option] ?? [])
      if (!(other in options)) throw invalid(`missing required option: ${JSON.stringify(other)}`);
  if (options.device === undefined) return null;

  let flags = 0;
  const data: string[] = [];
  for (const option of (options.o ?? '').split(',').filter((text) => text !== '')) {
    const flag = flagOf[option];
    if (flag === undefined) data.push(option);
    else flags |= flag;
  }
  return { source: options.device, fstype: options.type ?? '', flags, data: data.join(',') };
}
