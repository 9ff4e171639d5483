/** JSON as Go's encoding/json writes it. */
import { isStruct, nilPointer } from '../template/values.ts';

export interface JsonOptions {
  /** Go escapes <, > and & unless told not to. */
  escapeHtml: boolean;
}

export function encodeJson(value: unknown, options: JsonOptions): string {
  if (isStruct(value))
    return value === nilPointer ? 'null' : encodeJson(value.field('$json'), { escapeHtml: true });
  const text = JSON.stringify(value ?? null, plain);
  return escapeText(text, options);
}

/** A number given as text (ECMAScript's JSON.rawJSON, which TypeScript does not declare yet). */
const rawJson: (text: string) => unknown = Reflect.get(JSON, 'rawJSON');

function plain(_: string, item: unknown): unknown {
  if (item === nilPointer) return null;
  return typeof item === 'bigint' ? rawJson(String(item)) : item;
}

/** JSON.parse that keeps integers beyond 2^53 exact, as bigint. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? 0)
      : value,
  );
}

function escapeText(json: string, options: JsonOptions): string {
  const lines = json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  if (!options.escapeHtml) return lines;
  return lines.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}

/** json.Indent: the text as it is, laid out with `indent` per level. */
export function indentJson(json: string, indent: string): string {
  let out = '';
  let depth = 0;
  const line = () => `\n${indent.repeat(depth)}`;
  const token = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g;
  const tokens = json.match(token) ?? [];
  tokens.forEach((text, position) => {
    if (text === '{' || text === '[') {
      const following = tokens[position + 1];
      depth += 1;
      out += following === '}' || following === ']' ? text : text + line();
    } else if (text === '}' || text === ']') {
      const before = tokens[position - 1];
      depth -= 1;
      out += before === '{' || before === '[' ? text : line() + text;
    } else if (text === ',') out += text + line();
    else out += text === ':' ? ': ' : text;
  });
  return out;
}
