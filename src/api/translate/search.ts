/** The parameters of a search in a registry. */
import type { SearchFilters } from '../../images/distribution/model.ts';
import { invalid, messageOf } from '../../lib/errors.ts';
import { booleanFilter, type Filters, invalidFilter, parseFilters } from '../http/filters.ts';
import { parseInteger } from '../http/query.ts';

const defaultLimit = 25;
const maxLimit = 100;

/** "" and 0 are Docker's default. */
export function searchLimit(text: string): number {
  const limit = text === '' ? 0 : parsedLimit(text);
  if (limit === 0) return defaultLimit;
  if (limit < 1 || limit > maxLimit) throw invalid(`limit ${limit} is outside the range of [1, ${maxLimit}]`);
  return limit;
}

function parsedLimit(text: string): number {
  try {
    return parseInteger(text);
  } catch (error) {
    throw invalid(`invalid limit specified: ${messageOf(error)}`);
  }
}

export function searchFilters(text: string | null): SearchFilters {
  const filters = parseFilters(text, ['is-automated', 'is-official', 'stars']);
  return {
    official: optional(filters, 'is-official'),
    automated: optional(filters, 'is-automated'),
    stars: Math.max(0, ...(filters.get('stars') ?? []).map(parseStars)),
  };
}

function optional(filters: Filters, key: string): boolean | null {
  return filters.has(key) ? booleanFilter(filters, key, false) : null;
}

function parseStars(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalidFilter('stars', [text]);
  return Number(text);
}
