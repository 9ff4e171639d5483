/** The flags of an instruction. */
import { problem } from '../error.ts';
import { didYouMean } from '../suggest.ts';

type FlagKind = 'boolean' | 'string' | 'strings';
export type FlagTable = Record<string, FlagKind>;

type Value<K extends FlagKind> = K extends 'boolean'
  ? boolean | null
  : K extends 'string'
    ? string | null
    : string[];
export type Flags<T extends FlagTable> = { [name in keyof T]: Value<T[name]> };

/** The values of the flags that the table allows; null or [] for those that are not there. Throws BuildKit's texts. */
export function parseFlags<T extends FlagTable>(written: readonly string[], table: T): Flags<T> {
  const values = new Map<string, boolean | string | string[]>();
  for (const flag of written) {
    const { name, value } = splitFlag(flag);
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined)
      throw problem(`unknown flag: --${name}${didYouMean(name, Object.keys(table))}`, `--${name}`);
    const previous = values.get(name);
    if (previous !== undefined && kind !== 'strings')
      throw problem(`duplicate flag specified: --${name}`, `--${name}`);
    if (kind === 'boolean') values.set(name, parseBoolean(name, value));
    else if (value === null) throw problem(`missing a value on flag: --${name}`, `--${name}`);
    else if (Array.isArray(previous)) previous.push(value);
    else values.set(name, kind === 'string' ? value : [value]);
  }
  const absent = (name: string) => (table[name] === 'strings' ? [] : null);
  const entries = Object.keys(table).map((name) => [name, values.get(name) ?? absent(name)]);
  return Object.fromEntries(entries) as Flags<T>;
}

function splitFlag(flag: string): { name: string; value: string | null } {
  const equals = flag.indexOf('=');
  if (equals < 0) return { name: flag.slice(2), value: null };
  return { name: flag.slice(2, equals), value: flag.slice(equals + 1) };
}

function parseBoolean(name: string, value: string | null): boolean {
  if (value === null) return true;
  if (value === '') throw problem(`missing a value on flag: --${name}`, `--${name}`);
  const lower = value.toLowerCase();
  if (lower !== 'true' && lower !== 'false')
    throw problem(`expecting boolean value for flag --${name}, not: ${value}`, `--${name}`);
  return lower === 'true';
}
