/** Names of files are bytes. As in snapshots they are texts here with one character for each byte (Latin-1), so that any name survives. */
import { invalid } from '../../lib/errors.ts';

/** The name that a text stands for: its bytes in UTF-8. */
export const nameOf = (text: string): string => Buffer.from(text).toString('latin1');

/** How a name is shown. */
export const textOf = (name: string): string => Buffer.from(name, 'latin1').toString();

/** As gantry-init reads it: its bytes with a NUL behind. */
export function terminated(name: string): string {
  if (/[\0\u0100-\uffff]/.test(name)) throw invalid(`${JSON.stringify(name)} cannot be the name of a file`);
  return `${name}\0`;
}
