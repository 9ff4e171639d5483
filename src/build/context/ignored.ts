/** `.dockerignore` on the daemon's side: clients leave out what it names before they send a directory, but must send these two files. */
import { type IgnoreRules, parseIgnoreFile } from '../../lib/ignore-file.ts';
import { textOf } from '../files/names.ts';
import { place } from '../files/place.ts';
import { readInside } from '../files/read.ts';

/** Bytes; a longer one is no list of patterns. */
const limit = 1 << 20;

/** `dockerfile`: its path in the context, as bytes in Latin-1. null: nothing is left out. */
export async function ignoreRulesOf(
  directory: string,
  dockerfile: string,
  signal: AbortSignal,
): Promise<IgnoreRules | null> {
  const own = await readInside(directory, `${dockerfile}.dockerignore`, limit, signal);
  const text = own ?? (await readInside(directory, '/.dockerignore', limit, signal));
  return text === null ? null : parseIgnoreFile(text.toString());
}

/** Takes the Dockerfile and `.dockerignore` itself out of the context where it names them (moby builder/remotecontext). They have been read. */
export async function dropIgnored(directory: string, dockerfile: string, signal: AbortSignal): Promise<void> {
  const rules = await ignoreRulesOf(directory, dockerfile, signal);
  if (rules === null) return;
  const records = ['/.dockerignore', dockerfile]
    .filter((path) => rules.ignores(textOf(path.slice(1))))
    .map((destination) => ({ action: 'remove' as const, destination }));
  if (records.length > 0) await place(null, { kind: 'directory', path: directory }, records, { signal });
}
