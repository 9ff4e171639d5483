/** The functions templates may call: Go's own and those the Docker CLI adds. */
import { encodeJson } from '../format/json.ts';
import { formatValue, sprint, sprintf, sprintln } from './print.ts';
import { isMap, isStruct, isTrue, typeName } from './values.ts';

export type TemplateFunction = (...args: unknown[]) => unknown;

type Comparison = (a: unknown, b: unknown) => boolean;

function isBasic(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function equal(a: unknown, b: unknown): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  if (!isBasic(a) || !isBasic(b)) throw new Error(`non-comparable type ${formatValue(a)}: ${typeName(a)}`);
  if (typeof a !== typeof b) throw new Error('incompatible types for comparison');
  return a === b;
}

const less: Comparison = (a, b) => {
  if (typeof a !== typeof b) throw new Error('incompatible types for comparison');
  if (typeof a === 'string' && typeof b === 'string') return a < b;
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  throw new Error('invalid type for comparison');
};

function eq(first: unknown, ...rest: unknown[]): boolean {
  if (rest.length === 0) throw new Error('missing argument for comparison');
  return rest.some((other) => equal(first, other));
}

function index(item: unknown, ...keys: unknown[]): unknown {
  let current = item;
  for (const key of keys) current = indexOnce(current, key);
  return current;
}

function indexOnce(item: unknown, key: unknown): unknown {
  if (item === null || item === undefined) throw new Error('index of untyped nil');
  if (Array.isArray(item) || typeof item === 'string') {
    if (typeof key !== 'number') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
    if (key < 0 || key >= item.length) throw new Error(`index out of range: ${key}`);
    return typeof item === 'string' ? Buffer.from(item)[key] : item[key];
  }
  if (isStruct(item)) return item.field(String(key)) ?? null;
  if (!isMap(item)) throw new Error(`can't index item of type ${typeName(item)}`);
  if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
  // A missing key gives the zero value: of strings, as maps of Docker's JSON mostly hold them.
  if (Object.hasOwn(item, key)) return item[key];
  return Object.values(item).every((value) => typeof value === 'string') ? '' : null;
}

function slice(item: unknown, from: unknown = 0, to?: unknown): unknown {
  if (typeof item !== 'string' && !Array.isArray(item))
    throw new Error(`can't slice item of type ${typeName(item)}`);
  const start = Number(from);
  const end = to === undefined ? item.length : Number(to);
  for (const bound of [start, end])
    if (bound < 0 || bound > item.length) throw new Error(`index out of range: ${bound}`);
  if (start > end) throw new Error(`invalid slice index: ${start} > ${end}`);
  return item.slice(start, end);
}

function length(item: unknown): number {
  if (typeof item === 'string') return Buffer.byteLength(item);
  if (Array.isArray(item)) return item.length;
  if (isMap(item)) return Object.keys(item).length;
  if (item === null || item === undefined) throw new Error('len of nil pointer');
  throw new Error(`len of type ${typeName(item)}`);
}

const htmlEscapes: Record<string, string> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
};
const jsEscapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=]|[\x00-\x1f]/g, (character) => {
    return (
      jsEscapes[character] ??
      `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
    );
  });
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value))
    throw new Error(`wrong type for value; expected []string; got ${typeName(value)}`);
  return value.map((item) => formatValue(item));
}

function title(text: string): string {
  return text.replace(
    /(^|[^\p{L}\p{Nd}_'])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

/** Functions that decide themselves which arguments to evaluate are in exec.ts: and, or. */
export const builtins: Readonly<Record<string, TemplateFunction>> = {
  not: (value) => !isTrue(value),
  eq,
  ne: (a, b) => !equal(a, b),
  lt: less,
  le: (a, b) => less(a, b) || equal(a, b),
  gt: (a, b) => !less(a, b) && !equal(a, b),
  ge: (a, b) => !less(a, b),
  index,
  slice,
  len: length,
  print: (...values) => sprint(values),
  println: (...values) => sprintln(values),
  printf: (format, ...values) => sprintf(String(format), values),
  html: (...values) =>
    sprint(values).replace(/[<>&"'\0]/g, (character) => htmlEscapes[character] ?? character),
  js: (...values) => escapeJs(sprint(values)),
  urlquery: (...values) => escapeQuery(sprint(values)),
  call: (method, ...values) => {
    if (typeof method !== 'function')
      throw new Error(`non-function ${formatValue(method)} of type ${typeName(method)}`);
    return method(...values);
  },
  json: (value) => encodeJson(value, { escapeHtml: false }),
  split: (text, separator) => String(text).split(String(separator)),
  join: (list, separator) => texts(list).join(String(separator)),
  title: (text) => title(String(text)),
  lower: (text) => String(text).toLowerCase(),
  upper: (text) => String(text).toUpperCase(),
  pad: (text, before, after) =>
    text === '' ? '' : ' '.repeat(Number(before)) + String(text) + ' '.repeat(Number(after)),
  truncate: (text, limit) => [...String(text)].slice(0, Number(limit)).join(''),
};

/** The header of a table is the same template run over the column titles: these leave titles as they are. */
export const headerFunctions: Readonly<Record<string, TemplateFunction>> = {
  ...builtins,
  json: (value) => value,
  title: (value) => value,
  lower: (value) => value,
  upper: (value) => value,
  truncate: (value) => value,
};

/** How many arguments a function takes, where a wrong number would otherwise go unnoticed. */
export const arity: Readonly<Record<string, readonly [min: number, max: number]>> = {
  not: [1, 1],
  ne: [2, 2],
  lt: [2, 2],
  le: [2, 2],
  gt: [2, 2],
  ge: [2, 2],
  len: [1, 1],
  json: [1, 1],
  split: [2, 2],
  join: [2, 2],
  title: [1, 1],
  lower: [1, 1],
  upper: [1, 1],
  pad: [3, 3],
  truncate: [2, 2],
};
