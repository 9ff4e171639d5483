/** Log drivers and their options. */
import { invalid } from '../lib/errors.ts';
import type { HostConfig } from './model.ts';

const drivers = new Set(['json-file', 'local', 'none']);
const optionsOf: Record<string, ReadonlySet<string>> = {
  'json-file': new Set([
    'max-size',
    'max-file',
    'labels',
    'labels-regex',
    'env',
    'env-regex',
    'tag',
    'compress',
  ]),
  local: new Set(['max-size', 'max-file', 'compress']),
  none: new Set(),
};

const units: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `10m`, `512k`, `1048576`. */
export function parseSize(text: string): number {
  const match = /^(\d{1,15})([bkmg]?)b?$/i.exec(text.trim());
  if (match === null) throw invalid(`invalid size: '${text}'`);
  return Number(match[1]) * (units[(match[2] ?? '').toLowerCase()] ?? 1);
}

/** Fills in gantry's defaults (logs rotate: 10 MB x 3) and refuses what the driver does not know. */
export function resolveLogConfig(
  given: HostConfig['logConfig'],
  defaults: Record<string, string>,
): HostConfig['logConfig'] {
  const type = given.type || 'json-file';
  if (!drivers.has(type)) throw invalid(`logger: no log driver named '${type}' is registered`);
  for (const option of Object.keys(given.config))
    if (!optionsOf[type]?.has(option)) throw invalid(`unknown log opt '${option}' for ${type} log driver`);
  if (type === 'none') return { type, config: {} };
  const config = { 'max-size': '10m', 'max-file': '3', ...defaults, ...given.config };
  logLimits({ type, config });
  for (const name of ['labels-regex', 'env-regex']) checkPattern(given.config[name] ?? '');
  return { type, config };
}

function checkPattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw invalid(`error parsing regexp: ${JSON.stringify(pattern)}`);
  }
}

/** maxSize 0 = no rotation. */
export function logLimits(log: HostConfig['logConfig']): { maxSize: number; maxFiles: number } {
  const size = log.config['max-size'] ?? '';
  const maxSize = size === '' || size === '-1' ? 0 : parseSize(size);
  const files = log.config['max-file'] ?? '1';
  if (!/^\d{1,4}$/.test(files) || Number(files) < 1)
    throw invalid('max-file cannot be less than 1 for json-file log driver');
  return { maxSize, maxFiles: Number(files) };
}
