/** `--filter key=value`, repeated: the API's map of key to values. */
export type Filters = Record<string, Record<string, true>>;

/** Checks one `--filter`; used while parsing options. */
export function checkFilter(value: string): string {
  if (value !== '' && !value.includes('=')) throw new Error('bad format of filter (expected name=value)');
  return value;
}

export function parseFilters(values: readonly string[]): Filters {
  const filters: Filters = {};
  for (const value of values) {
    const equals = value.indexOf('=');
    if (equals < 0) continue;
    const key = value.slice(0, equals).trim().toLowerCase();
    const wanted = value.slice(equals + 1).trim();
    filters[key] = { ...filters[key], [wanted]: true };
  }
  return filters;
}

/** The query parameter; empty (and so left out) when there is nothing to filter by. */
export function filterQuery(values: readonly string[]): string {
  const filters = parseFilters(values);
  const keys = Object.keys(filters).sort();
  if (keys.length === 0) return '';
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, sorted(filters[key] ?? {})])));
}

function sorted(values: Record<string, true>): Record<string, true> {
  return Object.fromEntries(
    Object.keys(values)
      .sort()
      .map((value) => [value, true]),
  );
}
