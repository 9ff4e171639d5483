/** The body of `POST /gantry/contexts/offer`, which may have very many entries. */
import type { ContextEntry, OfferedContext } from '../../build/model.ts';
import { invalid } from '../../lib/errors.ts';
import { Fields } from './fields.ts';

/** `entries` null: only the digest is asked about. */
export function parseContextOffer(
  body: unknown,
): OfferedContext | { name: string; digest: string; entries: null } {
  const fields = Fields.of(body, 'ContextOfferBody');
  const [name, digest] = [fields.text('Name'), fields.text('Digest')];
  if (name === '') throw invalid('a build context that is offered needs a Name');
  const { Entries: entries } = body as { Entries?: unknown };
  if (entries === undefined && digest !== '') return { name, digest, entries: null };
  if (!Array.isArray(entries)) throw invalid('a build context that is offered needs Entries');
  return { name, digest: digest || null, entries: entries.map(entryOf) };
}

function entryOf(entry: unknown): ContextEntry {
  const [path, kind, stamp] = Array.isArray(entry) ? (entry as unknown[]) : [];
  if (typeof path !== 'string' || typeof stamp !== 'string' || (kind !== 'directory' && kind !== 'other'))
    throw invalid(`invalid entry of a build context: ${JSON.stringify(entry)}`);
  return { path, directory: kind === 'directory', stamp };
}
