/** Checks of single option values at the time they are parsed, with the Docker CLI's error texts. */
import { parseAddress } from '../../lib/ip.ts';
import { parseBytes } from '../flags/numbers.ts';

export function checkAttach(value: string): string {
  const stream = value.toLowerCase();
  if (['stdin', 'stdout', 'stderr'].includes(stream)) return stream;
  throw new Error('valid streams are STDIN, STDOUT and STDERR');
}

/** A name alone takes its value from our own environment, when it is set there. */
export function checkEnv(value: string): string {
  if (value === '' || value.startsWith('=')) throw new Error(`invalid environment variable: ${value}`);
  if (value.includes('=')) return value;
  const own = process.env[value];
  return own === undefined ? value : `${value}=${own}`;
}

export function checkLabel(value: string): string {
  if (value === '' || value.startsWith('=')) throw new Error(`invalid label '${value}': empty name`);
  return value;
}

export const isIp = (text: string): boolean => parseAddress(text) !== null;

const macForms = [/^[\da-f]{2}(?:([:-])[\da-f]{2})(?:\1[\da-f]{2})*$/i, /^[\da-f]{4}(?:\.[\da-f]{4})*$/i];

/** Go's net.ParseMAC: pairs of digits with `:` or `-` between them, or fours with dots, of 6, 8 or 20 bytes. */
export function checkMac(text: string): void {
  const bytes = text.replace(/[-:.]/g, '').length / 2;
  if (![6, 8, 20].includes(bytes) || !macForms.some((form) => form.test(text)))
    throw new Error(`${text} is not a valid mac address`);
}

export function checkIp(value: string): string {
  const text = value.trim();
  if (isIp(text)) return text;
  throw new Error(`IP address is not correctly formatted: ${value}`);
}

/** `host:ip`, `host=ip`, with `host-gateway` for the host itself. */
export function checkExtraHost(value: string): string {
  const match = /^([^=:]+)[=:](.*)$/.exec(value);
  const [, name = '', given = ''] = match ?? [];
  if (name === '') throw new Error(`bad format for add-host: ${JSON.stringify(value)}`);
  if (given === 'host-gateway') return `${name}:${given}`;
  const address = /^\[.*\]$/.test(given) ? given.slice(1, -1) : given;
  if (!isIp(address)) throw new Error(`invalid IP address in add-host: ${JSON.stringify(given)}`);
  return `${name}:${address}`;
}

export function checkDnsSearch(value: string): string {
  const text = value.trim();
  if (text === '.') return text;
  const domain =
    /^(:?(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))(:?\.(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])))*)\.?\s*$/;
  if (!/[a-zA-Z]/.test(text) || !domain.test(text) || text.length >= 255)
    throw new Error(`${value} is not a valid domain`);
  return text;
}

export function checkDeviceRule(value: string): string {
  if (/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(value)) return value;
  throw new Error(`invalid device cgroup format '${value}'`);
}

export function checkLink(value: string): string {
  const parts = value.split(':');
  if (value === '') throw new Error('empty string specified for links');
  if (parts.length > 2) throw new Error(`bad format for links: ${value}`);
  return value;
}

const kernelSysctls = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
    (name) => `kernel.${name}`,
  ),
);

export function checkSysctl(value: string): string {
  const equals = value.indexOf('=');
  const name = equals < 0 ? '' : value.slice(0, equals);
  if (name !== '' && (kernelSysctls.has(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.')))
    return value;
  throw new Error(`sysctl '${value}' is not allowed`);
}

const ulimitNames = new Set(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  ),
);

export interface UlimitValue {
  Name: string;
  Soft: number;
  Hard: number;
}

/** `name=soft[:hard]`; -1 is unlimited. */
export function parseUlimit(value: string): UlimitValue {
  const equals = value.indexOf('=');
  if (equals < 0) throw new Error(`invalid ulimit argument: ${value}`);
  const name = value.slice(0, equals);
  if (!ulimitNames.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const limits = value.slice(equals + 1).split(':');
  if (limits.length > 2)
    throw new Error(`too many limit values - ${limits.join(':')}, can only have up to two - soft[:hard]`);
  const [soft = 0, hard = soft] = limits.map((text) => {
    if (!/^[+-]?\d+$/.test(text))
      throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    return Number(text);
  });
  if (hard !== -1 && (soft === -1 || soft > hard))
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { Name: name, Soft: soft, Hard: hard };
}

export function checkUlimit(value: string): string {
  parseUlimit(value);
  return value;
}

/** `/dev/sda:500`, a weight between 10 and 1000. */
export function parseWeightDevice(value: string): { Path: string; Weight: number } {
  const { path, rest } = splitDevice(value);
  if (!/^\d+$/.test(rest) || (Number(rest) !== 0 && (Number(rest) < 10 || Number(rest) > 1000)))
    throw new Error(`invalid weight for device: ${value}`);
  return { Path: path, Weight: Number(rest) };
}

/** `/dev/sda:10mb`, bytes per second. */
export function parseThrottleBytes(value: string): { Path: string; Rate: number } {
  const { path, rest } = splitDevice(value);
  try {
    return { Path: path, Rate: parseBytes(rest) };
  } catch {
    throw new Error(
      `invalid rate for device: ${value}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
}

/** `/dev/sda:1000`, operations per second. */
export function parseThrottleOperations(value: string): { Path: string; Rate: number } {
  const { path, rest } = splitDevice(value);
  if (!/^\d+$/.test(rest))
    throw new Error(
      `invalid rate for device: ${value}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  return { Path: path, Rate: Number(rest) };
}

function splitDevice(value: string): { path: string; rest: string } {
  const colon = value.indexOf(':');
  if (colon <= 0 || colon === value.length - 1) throw new Error(`bad format: ${value}`);
  const path = value.slice(0, colon);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${value}`);
  return { path, rest: value.slice(colon + 1) };
}

/** Turns a parser into a check of the value as given. */
export function checkedBy(parse: (value: string) => unknown): (value: string) => string {
  return (value) => {
    parse(value);
    return value;
  };
}

export function checkMemorySwap(value: string): string {
  if (value !== '-1') parseBytes(value);
  return value;
}
