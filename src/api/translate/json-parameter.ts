/** Query parameters that are JSON, with Go's words for what is wrong with them. */
import { invalid } from '../../lib/errors.ts';
import { describeInvalidJson } from '../http/go-json.ts';
import { textParameter } from '../http/query.ts';

/** undefined: absent or empty. `what` begins the error: "error reading labels: ". */
function parse(query: URLSearchParams, name: string, what: string): unknown {
  const text = textParameter(query, name);
  if (text === '') return undefined;
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    throw invalid(what + describeInvalidJson(text).replace(/^invalid JSON: /, ''));
  }
}

const goKind = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

const mismatch = (what: string, value: unknown, type: string) =>
  invalid(`${what}json: cannot unmarshal ${goKind(value)} into Go value of type ${type}`);

export function textsParameter(query: URLSearchParams, name: string, what = ''): string[] {
  return itemsParameter(query, name, what).map((item) => {
    if (typeof item !== 'string') throw mismatch(what, item, 'string');
    return item;
  });
}

export function itemsParameter(query: URLSearchParams, name: string, what = ''): unknown[] {
  const value = parse(query, name, what) ?? [];
  if (!Array.isArray(value)) throw mismatch(what, value, '[]string');
  return value;
}

/** A null stays one: of build arguments it means "not set". */
export function textMapParameter(
  query: URLSearchParams,
  name: string,
  what: string,
): Map<string, string | null> {
  const value = parse(query, name, what) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(what, value, 'map[string]string');
  return new Map(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (item !== null && typeof item !== 'string') throw mismatch(what, item, 'string');
      return [key, item];
    }),
  );
}
