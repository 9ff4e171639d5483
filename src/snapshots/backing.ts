import { statfsSync } from 'node:fs';

/** f_type of statfs(2), under the names that Docker prints. */
const names: Record<number, string> = {
  61267: 'extfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
  4076150800: 'f2fs',
  26985: 'nfs',
  3774210530: 'erofs',
};

/** The file system under `directory`: "extfs", "xfs", … or "<unknown>". */
export function backingFilesystem(directory: string): string {
  return names[statfsSync(directory).type >>> 0] ?? '<unknown>';
}
