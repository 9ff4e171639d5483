/** Values of options, read with the rules and error texts of Go's strconv, time and docker/go-units. */

const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const lies = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

export function parseBool(text: string): boolean {
  if (truths.has(text)) return true;
  if (lies.has(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${quote(text)}: invalid syntax`);
}

const integer = /^[+-]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)$/;

/** Base 0 as strconv.ParseInt reads it: 10, 0x0a, 0b1010, 0o12, 012. */
export function parseInteger(text: string, bits = 64): number {
  return parseWhole(text, 'ParseInt', -(2 ** (bits - 1)), 2 ** (bits - 1));
}

export function parseUnsigned(text: string, bits = 64): number {
  if (text.startsWith('-') || text.startsWith('+'))
    throw new Error(`strconv.ParseUint: parsing ${quote(text)}: invalid syntax`);
  return parseWhole(text, 'ParseUint', 0, 2 ** bits);
}

function parseWhole(text: string, caller: string, low: number, high: number): number {
  if (!integer.test(text)) throw new Error(`strconv.${caller}: parsing ${quote(text)}: invalid syntax`);
  const negative = text.startsWith('-');
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '').toLowerCase();
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  const signed = negative ? -value : value;
  if (signed < low || signed >= high)
    throw new Error(`strconv.${caller}: parsing ${quote(text)}: value out of range`);
  return signed;
}

const sizePattern = /^(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?([iI])?[bB]?$/;
const powers: Record<string, number> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/** units.RAMInBytes: "64m" = 67108864. */
export function parseBytes(text: string): number {
  const match = sizePattern.exec(text);
  if (!match || (match[3] && !match[2])) throw new Error(`invalid size: '${text}'`);
  const number = Number(match[1]);
  if (Number.isNaN(number)) throw new Error(`invalid size: '${text}'`);
  return Math.trunc(number * 1024 ** (powers[(match[2] ?? '').toLowerCase()] ?? 0));
}

/** opts.ParseCPUs: a decimal number of CPUs as billionths. */
export function parseCpus(text: string): number {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!match || (!match[2] && !match[3])) throw new Error(`failed to parse ${text} as a rational number`);
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > 9) throw new Error('value is too precise');
  const nano = Number(match[2] || '0') * 1e9 + Number(fraction.padEnd(9, '0'));
  return match[1] === '-' ? -nano : nano;
}

/** Go's %q for plain text. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
