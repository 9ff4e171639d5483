/** The `filters` query parameter. */
import { invalid } from '../../lib/errors.ts';

export type Filters = ReadonlyMap<string, readonly string[]>;

export function invalidFilter(key: string, values?: readonly string[]): Error {
  return invalid(values ? `invalid filter '${key}=[${values.join(' ')}]'` : `invalid filter '${key}'`);
}

/**
 * Both encodings: the documented `{"label":["a=b"]}` and `{"label":{"a=b":true}}`, which Go clients send.
 * An unknown key is an error that names it.
 */
export function parseFilters(text: string | null, accepted: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  if (text === null || text === '') return filters;
  for (const [key, given] of Object.entries(parseObject(text))) {
    const values = valuesOf(given);
    if (!accepted.includes(key)) throw invalidFilter(key);
    if (values.length > 0) filters.set(key, values);
  }
  return filters;
}

function parseObject(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Docker has one text for every way of being malformed.
  }
  throw invalid('invalid filter');
}

function valuesOf(given: unknown): string[] {
  if (given === null) return [];
  if (Array.isArray(given) && given.every((value) => typeof value === 'string')) return given;
  if (typeof given === 'object' && !Array.isArray(given)) {
    if (Object.values(given).every((value) => typeof value === 'boolean')) return Object.keys(given);
  }
  throw invalid('invalid filter');
}

/** A filter that is a boolean: 1, true, 0, false; `fallback` when absent; anything else, or both, is an error. */
export function booleanFilter(filters: Filters, key: string, fallback: boolean): boolean {
  const values = filters.get(key);
  if (!values) return fallback;
  const yes = values.some((value) => value === '1' || value === 'true');
  const no = values.some((value) => value === '0' || value === 'false');
  if (yes === no) throw invalidFilter(key, values);
  return yes;
}

/** Every `k` or `k=v` of the filter must hold. */
export function matchesLabels(
  wanted: readonly string[] | undefined,
  labels: Record<string, string>,
): boolean {
  return (wanted ?? []).every((entry) => {
    const at = entry.indexOf('=');
    if (at < 0) return Object.hasOwn(labels, entry);
    return labels[entry.slice(0, at)] === entry.slice(at + 1);
  });
}

/** `label!`: none of them may hold. */
export function lacksLabels(
  unwanted: readonly string[] | undefined,
  labels: Record<string, string>,
): boolean {
  return !(unwanted ?? []).some((entry) => matchesLabels([entry], labels));
}

/** Docker's fuzzy match of names and ids: any value, as a regular expression, is found in the text. */
export function matchesPattern(patterns: readonly string[] | undefined, text: string): boolean {
  if (!patterns) return true;
  return patterns.some((pattern) => pattern === text || search(pattern, text));
}

function search(pattern: string, text: string): boolean {
  // A filter longer than any name can only be an attempt to keep the daemon's one thread busy.
  if (pattern.length > 256) return false;
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}
