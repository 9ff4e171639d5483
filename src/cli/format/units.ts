/** Sizes and ages as docker/go-units words them. */
import { humanDuration } from '../../lib/duration.ts';

const decimal = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

function scaled(size: number, base: number, names: readonly string[]): { value: number; unit: string } {
  let value = size;
  let position = 0;
  while (value >= base && position < names.length - 1) {
    value /= base;
    position += 1;
  }
  return { value, unit: names[position] ?? 'B' };
}

/** Go's %.Ng: N significant digits without trailing zeros, an exponent when there are more digits before the point. */
function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
  if (Number(exponent) < digits && Number(exponent) >= -4) return String(Number(value.toPrecision(digits)));
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${Number(mantissa)}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
}

/** Decimal units, `digits` significant: 1.23MB. */
export function humanSize(size: number, digits = 4): string {
  const { value, unit } = scaled(size, 1000, decimal);
  return significant(value, digits) + unit;
}

/** Three digits, as listings show sizes. */
export function shortSize(size: number): string {
  return humanSize(size, 3);
}

/** Binary units: 1.5GiB. */
export function binarySize(size: number): string {
  const { value, unit } = scaled(size, 1024, binary);
  return significant(value, 4) + unit;
}

export function ago(milliseconds: number): string {
  return `${humanDuration(milliseconds)} ago`;
}

/** Go's time.Time.String in the local zone: `2026-01-02 03:04:05 +0000 UTC`. `unix` in seconds. */
export function goTime(unix: number): string {
  const date = new Date(unix * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const name = offset === 0 ? 'UTC' : zoneName(date);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone} ${name}`;
}

function zoneName(date: Date): string {
  return /\(([^)]+)\)/.exec(date.toString())?.[1] ?? '';
}

/** Keeps `length` characters, the last of which becomes an ellipsis when something was cut. */
export function ellipsis(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  return length <= 1 ? characters.slice(0, length).join('') : `${characters.slice(0, length - 1).join('')}…`;
}

/** 12 characters of an id, without its algorithm. */
export function shortId(id: string): string {
  return id.replace(/^[^:]*:/, '').slice(0, 12);
}
