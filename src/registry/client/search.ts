import { invalid } from '../../lib/errors.ts';
import { documentLimit } from '../../oci/image-parse.ts';
import { requestWords } from './connection-failure.ts';
import type { Host } from './host.ts';
import type { SearchResult } from './model.ts';
import { catalogScope } from './scopes.ts';
import { namesOf } from './tags.ts';

export interface SearchQuery {
  term: string;
  limit: number;
  signal: AbortSignal;
}

/** How registries say that they never had a v1 API. */
const noSearch = [404, 405, 501];

/** `GET /v1/search`; null when the registry has no such thing. */
export async function searchIndex(
  host: Host,
  { term, limit, signal }: SearchQuery,
): Promise<SearchResult[] | null> {
  const query = { q: term, n: String(limit) };
  const answer = await host.ask({ method: 'GET', path: 'search', query, also: noSearch, scopes: [], signal });
  if (answer.status === 200)
    return results(await answer.document(documentLimit), requestWords(answer), limit);
  answer.discard();
  return null;
}

/** Every repository whose name has the term in it. */
export async function searchCatalog(
  host: Host,
  { term, limit, signal }: SearchQuery,
): Promise<SearchResult[]> {
  const found: SearchResult[] = [];
  const listing = { path: '_catalog', field: 'repositories', scopes: [catalogScope], signal } as const;
  for await (const name of namesOf([host], listing)) {
    if (found.length >= limit) break;
    if (name.includes(term))
      found.push({ name, description: '', stars: 0, official: false, automated: false });
  }
  return found;
}

function results(document: Buffer, request: string, limit: number): SearchResult[] {
  const malformed = () => invalid(`${request}: the registry's search results cannot be read`);
  let list: unknown;
  try {
    list = (Object(JSON.parse(document.toString())) as Record<string, unknown>).results;
  } catch {
    throw malformed();
  }
  if (!Array.isArray(list)) throw malformed();
  return list.slice(0, limit).map((entry: unknown) => {
    const fields = Object(entry) as Record<string, unknown>;
    return {
      name: text(fields.name),
      description: text(fields.description),
      stars: typeof fields.star_count === 'number' ? fields.star_count : 0,
      official: fields.is_official === true,
      automated: fields.is_automated === true,
    };
  });
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
