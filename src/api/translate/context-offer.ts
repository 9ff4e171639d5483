/** The body of `POST /gantry/contexts/offer`, which may have very many entries. */
import type { ContextEntry } from '../../build/model.ts';
import { invalid } from '../../lib/errors.ts';
import { Fields } from './fields.ts';

export function parseContextOffer(body: unknown): { name: string; entries: ContextEntry[] } {
  const name = Fields.of(body, 'ContextOfferBody').text('Name');
  if (name === '') throw invalid('a build context that is offered needs a Name');
  const { Entries: entries } = body as { Entries?: unknown };
  if (!Array.isArray(entries)) throw invalid('a build context that is offered needs Entries');
  return { name, entries: entries.map(entryOf) };
}

function entryOf(entry: unknown): ContextEntry {
  const [path, kind, stamp] = Array.isArray(entry) ? (entry as unknown[]) : [];
  if (typeof path !== 'string' || typeof stamp !== 'string' || (kind !== 'directory' && kind !== 'other'))
    throw invalid(`invalid entry of a build context: ${JSON.stringify(entry)}`);
  return { path, directory: kind === 'directory', stamp };
}
