import type { IoWeightFile } from './v2-limits.ts';

/** What CgroupsV2 asks the kernel while it plans: replaced in tests. */
export interface V2Host {
  directory: string;
  read(path: string): string | null;
  /** Names of the groups directly beneath. */
  list(directory: string): string[];
}

/** The file of io weights, which depends on the schedulers the kernel has loaded and is in no group at the top; null: none. */
export function ioWeightFile({ directory, read, list }: V2Host): IoWeightFile | null {
  const group = list(directory)
    .map((name) => `${directory}/${name}`)
    .find((each) => read(`${each}/io.max`) !== null);
  // No group has the controller yet: what a kernel without modules would give.
  if (group === undefined) return 'io.weight';
  const files: IoWeightFile[] = ['io.bfq.weight', 'io.weight'];
  return files.find((file) => read(`${group}/${file}`) !== null) ?? null;
}
