/** Headers of tar archives: POSIX ustar and pax, as `docker cp` sends and gets them. Names are bytes in Latin-1. */
import { ExitError } from '../exit.ts';

export const block = 512;

export type TarType = 'file' | 'link' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

export interface TarHeader {
  type: TarType;
  name: string;
  linkName: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Seconds since the epoch. */
  mtime: number;
  major: number;
  minor: number;
}

const typeFlags: Readonly<Record<TarType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const types = new Map<string, TarType>(
  Object.entries(typeFlags).map(([type, flag]) => [flag, type as TarType]),
);

/** Offset and size of the fields. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  link: [157, 100],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;
const typeAt = 156;
const magicAt = 257;

const damaged = () => new ExitError('archive/tar: invalid tar header');

// -- writing

/** The header, with a pax header before it when ustar cannot say everything. */
export function encodeHeader(header: TarHeader): Buffer {
  const records: [string, string][] = [];
  const text = (key: string, value: string, limit: number) => {
    if (Buffer.byteLength(value, 'latin1') > limit || /[\x80-\xff]/.test(value)) records.push([key, value]);
  };
  text('path', header.name, 100);
  text('linkpath', header.linkName, 100);
  for (const key of ['uid', 'gid', 'size', 'mtime'] as const)
    if (!fitsOctal(header[key], fields[key][1])) records.push([key, String(header[key])]);
  const plain = encodeBlock(header, typeFlags[header.type]);
  return records.length === 0 ? plain : Buffer.concat([encodePax(records), plain]);
}

const fitsOctal = (value: number, size: number) => value >= 0 && value < 8 ** (size - 1);

function encodePax(records: readonly [string, string][]): Buffer {
  const body = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(''), 'latin1');
  const base = { linkName: '', mode: 0, uid: 0, gid: 0, mtime: 0, major: 0, minor: 0 };
  const header = encodeBlock({ ...base, type: 'file', name: 'PaxHeaders.0', size: body.length }, 'x');
  return Buffer.concat([header, body, Buffer.alloc(padding(body.length))]);
}

/** Its length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + String(rest.length).length;
  if (String(length).length > String(rest.length).length) length = rest.length + String(length).length;
  return `${length}${rest}`;
}

function encodeBlock(header: TarHeader, flag: string): Buffer {
  const bytes = Buffer.alloc(block);
  const put = ([at, size]: readonly [number, number], value: string) =>
    bytes.write(value, at, size, 'latin1');
  const octal = (field: readonly [number, number], value: number) =>
    put(field, (fitsOctal(value, field[1]) ? value : 0).toString(8).padStart(field[1] - 1, '0'));
  put(fields.name, header.name);
  put(fields.link, header.linkName);
  for (const key of ['mode', 'uid', 'gid', 'size', 'mtime', 'major', 'minor'] as const)
    octal(fields[key], header[key]);
  bytes.write(flag, typeAt, 'latin1');
  bytes.write('ustar\0', magicAt, 'latin1');
  bytes.write('00', magicAt + 6, 'latin1');
  put(fields.checksum, `${checksum(bytes).toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

function checksum(bytes: Uint8Array): number {
  const [at, size] = fields.checksum;
  let sum = size * 0x20;
  for (let i = 0; i < block; i++) if (i < at || i >= at + size) sum += bytes[i] ?? 0;
  return sum;
}

/** What follows `size` bytes up to the next whole block. */
export const padding = (size: number): number => (block - (size % block)) % block;

// -- reading

/** What special members said about the next one. */
export type Overrides = Map<string, string>;

/** `special`: what the member is when it only tells about the next one. Types that nobody unpacks are an error. */
export function decodeHeader(
  bytes: Buffer,
  overrides: Overrides,
): { header: TarHeader; special: 'pax' | 'global' | 'name' | 'link' | null } {
  const [at, size] = fields.checksum;
  if (octalOf(bytes.subarray(at, at + size)) !== checksum(bytes)) throw damaged();
  const text = (key: 'name' | 'link' | 'prefix') => cString(bytes, fields[key]);
  const number = (key: 'mode' | 'uid' | 'gid' | 'size' | 'mtime' | 'major' | 'minor') =>
    numberOf(bytes.subarray(fields[key][0], fields[key][0] + fields[key][1]));
  const given = (key: string, otherwise: number) => {
    const value = overrides.get(key);
    return value === undefined ? otherwise : Number(value);
  };
  const flag = String.fromCharCode(bytes[typeAt] ?? 0);
  const prefix = bytes.toString('latin1', magicAt, magicAt + 6) === 'ustar\0' ? text('prefix') : '';
  const own = prefix === '' ? text('name') : `${prefix}/${text('name')}`;
  const special = specials.get(flag) ?? null;
  const type = types.get(flag === '\0' || flag === '7' ? '0' : flag);
  if (type === undefined && special === null)
    throw new ExitError(`unhandled tar header type ${flag.charCodeAt(0)}`);
  const header: TarHeader = {
    type: type ?? 'file',
    name: overrides.get('path') ?? own,
    linkName: overrides.get('linkpath') ?? text('link'),
    mode: number('mode') & 0o7777,
    uid: given('uid', number('uid')),
    gid: given('gid', number('gid')),
    size: type === undefined || type === 'file' ? given('size', number('size')) : 0,
    mtime: given('mtime', number('mtime')),
    major: number('major'),
    minor: number('minor'),
  };
  if (!Number.isSafeInteger(header.size) || header.size < 0) throw damaged();
  return { header, special };
}

const specials = new Map([
  ['x', 'pax'],
  ['g', 'global'],
  ['L', 'name'],
  ['K', 'link'],
] as const) as ReadonlyMap<string, 'pax' | 'global' | 'name' | 'link'>;

function cString(bytes: Buffer, [at, size]: readonly [number, number]): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 || end > at + size ? at + size : end);
}

function octalOf(field: Buffer): number {
  const text = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();
  if (!/^[0-7]*$/.test(text)) throw damaged();
  return text === '' ? 0 : Number.parseInt(text, 8);
}

/** Octal, or base 256 when the first bit is set. */
function numberOf(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) return octalOf(field);
  let value = (field[0] ?? 0) & 0x40 ? -1n : 0n;
  for (const [index, byte] of field.entries())
    value = (value << 8n) | BigInt(index === 0 && value === 0n ? byte & 0x7f : byte);
  return Number(value);
}

/** "27 path=some/name\n" … */
export function decodePax(body: Buffer): Overrides {
  const records: Overrides = new Map();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.toString('latin1', at, space));
    const record = body.toString('latin1', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (space < 0 || !(length > space - at + 1) || at + length > body.length || equals < 1) throw damaged();
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
