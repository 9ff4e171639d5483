/** Query parameters as Docker reads them. */
import { invalid } from '../../lib/errors.ts';

const falsy = new Set(['', '0', 'no', 'false', 'none']);

/** "", 0, no, false, none in any case are false, everything else is true; `fallback` when absent. */
export function booleanParameter(query: URLSearchParams, name: string, fallback = false): boolean {
  const value = query.get(name);
  return value === null ? fallback : !falsy.has(value.trim().toLowerCase());
}

const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const lies = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Go's strconv.ParseBool; null for what is neither. */
export function parseBool(text: string): boolean | null {
  return truths.has(text) || (lies.has(text) ? false : null);
}

/** As parseBool reads it; false when absent or empty. */
export function strictBooleanParameter(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  const value = text === '' ? false : parseBool(text);
  if (value === null)
    throw invalid(
      `invalid value for ${name}: ${text}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return value;
}

export const textParameter = (query: URLSearchParams, name: string): string => query.get(name) ?? '';

/** Go's strconv.Atoi, with its error text. */
export function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw invalid(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw invalid(`strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

/** null when absent or empty. */
export function integerParameter(query: URLSearchParams, name: string): number | null {
  const value = query.get(name);
  return value === null || value === '' ? null : parseInteger(value);
}

/** A point in time as clients send it: unix seconds with optional fraction, or RFC 3339. Absent, empty: null. */
export function timeParameter(query: URLSearchParams, name: string): number | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  const parsed = Date.parse(value);
  if (Number.isNaN(parsed))
    throw invalid(`invalid value for ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return parsed / 1000;
}

/** Height or width of a terminal. */
export function sizeParameter(query: URLSearchParams, name: 'h' | 'w'): number {
  const value = query.get(name) ?? '';
  if (!/^\d+$/.test(value) || Number(value) > 0xffffffff)
    throw invalid(
      `invalid resize ${name === 'h' ? 'height' : 'width'} ${JSON.stringify(value)}: invalid syntax`,
    );
  return Number(value);
}

/** `repo` and `tag`: what a new image is called; "" = nothing. */
export function newNameParameter(query: URLSearchParams): string {
  const repository = textParameter(query, 'repo');
  const tag = textParameter(query, 'tag');
  return tag && repository ? `${repository}:${tag}` : repository;
}

/** `platform`: "os/arch/variant"; since 1.48 also the JSON of an OCI platform. "" when absent. */
export function platformParameter(query: URLSearchParams): string {
  const text = textParameter(query, 'platform');
  if (!text.startsWith('{')) return text;
  try {
    const { os, architecture, variant } = JSON.parse(text) as Record<string, unknown>;
    return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/');
  } catch {
    throw invalid('failed to parse platform: invalid JSON');
  }
}
