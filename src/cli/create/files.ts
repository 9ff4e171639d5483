/** Files that options name: `--env-file`, `--label-file`, a seccomp profile. */
import { cleanPath } from '../../lib/clean-path.ts';

/** Path joined to the working directory and cleaned of `.`, `..` and doubled slashes. */
export const absolutePath = (path: string): string =>
  cleanPath(path.startsWith('/') ? path : `${process.cwd()}/${path}`);

/** The text of a file, or an error as Go words it. */
export async function readText(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw new Error(`open ${path}: ${reasonOf(error)}`);
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
};

export function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}

/** Lines `NAME=value`, comments and blank lines left out. A line with only a name is given to `bare`, which may drop it. */
export async function readPairs(path: string, bare: (name: string) => string | null): Promise<string[]> {
  const pairs: string[] = [];
  const text = (await readText(path)).replace(/^\uFEFF/, '');
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = equals < 0 ? line : line.slice(0, equals);
    if (/\s/.test(name.trim()) || (equals >= 0 && /\s$/.test(name)))
      throw new Error(`invalid env file (${path}): variable '${name}' contains whitespaces`);
    if (name === '') throw new Error(`invalid env file (${path}): no variable name on line '${line}'`);
    const pair = equals < 0 ? bare(line.trim()) : line;
    if (pair !== null) pairs.push(pair);
  }
  return pairs;
}

/** The environment of `--env-file` and `--env`: later ones win, here among `--env`, in the daemon over the files. */
export async function readEnvironment(files: readonly string[], given: readonly string[]): Promise<string[]> {
  const own = (name: string) => (process.env[name] === undefined ? null : `${name}=${process.env[name]}`);
  const read = await Promise.all(files.map((file) => readPairs(file, own)));
  const byName = new Map(given.map((pair) => [pair.split('=', 1)[0], pair]));
  return [...read.flat(), ...byName.values()];
}

export async function readLabels(
  files: readonly string[],
  given: readonly string[],
): Promise<Record<string, string>> {
  const read = await Promise.all(files.map((file) => readPairs(file, () => null)));
  return pairsToMap([...read.flat(), ...given]);
}

/** `a=b` and `a` (an empty value) as a map. */
export function pairsToMap(pairs: readonly string[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    map[equals < 0 ? pair : pair.slice(0, equals)] = equals < 0 ? '' : pair.slice(equals + 1);
  }
  return map;
}
