import { invalid } from '../../lib/errors.ts';
import type { GcPolicy, GcPolicyText, KeepRule, Threshold } from '../model.ts';

const bad = (name: string, text: string) => invalid(`invalid image-gc ${name}: ${JSON.stringify(text)}`);

const sizes: Record<string, number> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** "85%" of the file system, or bytes of images: "200GB", "150GiB". */
export function parseThreshold(name: string, text: string): Threshold {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) {
    const value = Number(percent);
    if (value <= 0 || value > 100) throw bad(name, text);
    return { kind: 'percent', value };
  }
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?(?:([kKMGT]i?)[bB]?|[bB])$/.exec(text) ?? [];
  const factor = sizes[unit.replace('k', 'K')];
  if (number === undefined || factor === undefined) throw bad(name, text);
  return { kind: 'bytes', value: Number(number) * factor };
}

const durations: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A Go duration in milliseconds. */
function parseAge(text: string): number {
  if (text !== '0' && !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw bad('min-age', text);
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (durations[unit] ?? 0);
  return total;
}

function parseKeep(text: string): KeepRule {
  const [, kind, value = ''] = /^(label|reference)=(.+)$/.exec(text) ?? [];
  if (kind === 'label') return { kind, label: value };
  if (kind === 'reference') return { kind, pattern: value };
  throw bad('keep', text);
}

/** `low` is `high` when it is not given; without an age, images of the last 24 hours are kept. */
export function parseGcPolicy(text: GcPolicyText): GcPolicy {
  const given = text.high ?? text.low;
  if (given === undefined) throw invalid('image-gc needs "high": from which use on images are removed');
  const high = parseThreshold('high', given);
  const low = parseThreshold('low', text.low ?? given);
  if (low.kind !== high.kind) throw invalid('image-gc high and low are not of the same kind');
  if (low.value > high.value) throw invalid('image-gc low is above high');
  return { high, low, minAge: parseAge(text['min-age'] ?? '24h'), keep: (text.keep ?? []).map(parseKeep) };
}

/** `high=85%,low=70%,min-age=24h,keep=label=x,keep=reference=y`: the flag's form. */
export function parsePolicyFlag(text: string): GcPolicyText {
  const policy: { high?: string; low?: string; 'min-age'?: string; keep: string[] } = { keep: [] };
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^(high|low|min-age|keep)=(.+)$/.exec(part) ?? [];
    if (name === 'keep') policy.keep.push(value);
    else if (name === 'high' || name === 'low' || name === 'min-age') policy[name] = value;
    else throw bad('option', part);
  }
  return policy;
}

/** The value of `image-gc` in daemon.json. */
export function parsePolicyObject(value: unknown): GcPolicyText {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('image-gc in the configuration file is not an object');
  const { high, low, 'min-age': minAge, keep = [], ...others } = value as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw bad('option', unknown);
  if (!Array.isArray(keep) || keep.some((rule) => typeof rule !== 'string'))
    throw invalid('image-gc keep in the configuration file is not a list of strings');
  return {
    high: textOf('high', high),
    low: textOf('low', low),
    'min-age': textOf('min-age', minAge),
    keep: keep as string[],
  };
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`image-gc ${name} in the configuration file is not a string`);
}
