import type { Credentials, Registries, SearchResult } from '../../registry/client/model.ts';
import type { SearchFilters } from './model.ts';

/** Filters count after the registry has answered, as Docker has it: fewer than `limit` may be left. */
export async function searchImages(
  registries: Registries,
  term: string,
  options: { limit: number; filters: SearchFilters; credentials: Credentials },
  signal: AbortSignal,
): Promise<SearchResult[]> {
  const { limit, filters, credentials } = options;
  const found = await registries.search(term, { limit, credentials, signal });
  return found.filter(
    (result) =>
      result.stars >= filters.stars &&
      (filters.official === null || result.official === filters.official) &&
      (filters.automated === null || result.automated === filters.automated),
  );
}
