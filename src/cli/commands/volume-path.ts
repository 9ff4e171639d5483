/** Where the API has a volume. */
import { ExitError } from '../exit.ts';

/** Without a name the path would be another one. */
export function volumePath(name: string, action = ''): string {
  if (name.trim() === '') throw new ExitError('invalid volume name: value is empty');
  return `/volumes/${encodeURIComponent(name)}${action}`;
}
