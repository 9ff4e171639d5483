/** `--default-address-pool base=10.10.0.0/16,size=24`; in daemon.json `default-address-pools`, a list of such objects. */
import type { AddressPoolRange } from '../engine/model.ts';
import { invalid } from '../lib/errors.ts';
import type { Settings } from './settings.ts';

export function addressPools(settings: Settings): AddressPoolRange[] {
  const { flag, file } = settings.either('default-address-pool', 'default-address-pools');
  if (Array.isArray(flag))
    return flag.map((text) => checked(String(text), Object.fromEntries(pairs(String(text)))));
  if (file === undefined) return [];
  if (!Array.isArray(file)) throw invalid('default-address-pools in the configuration file is not a list');
  return file.map((pool) => checked(JSON.stringify(pool), (pool ?? {}) as Record<string, unknown>));
}

const pairs = (text: string): [string, string][] =>
  text.split(',').map((pair) => {
    const [key = '', value = ''] = pair.split('=');
    return [key, value];
  });

function checked(text: string, { base, size }: Record<string, unknown>): AddressPoolRange {
  const bits = Number(size);
  if (typeof base !== 'string' || !Number.isInteger(bits))
    throw invalid(`invalid default address pool ${text}: it needs base and size`);
  return { base, size: bits };
}
