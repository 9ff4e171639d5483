/** Go's time.ParseDuration: "1h15m30.5s". */

const nanoseconds = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

/** In nanoseconds. Throws Go's texts. */
export function parseGoDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[+-]/, '');
  if (digits === '0') return 0;
  if (!/^[\d.]/.test(digits)) throw new Error(`time: invalid duration ${quoted}`);
  let total = 0;
  let at = 0;
  for (const { 0: part, 1: amount, 2: unit = '', index } of digits.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/g)) {
    if (index !== at) break;
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted}`);
    const factor = nanoseconds.get(unit);
    if (factor === undefined)
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += Number(amount) * factor;
    at += part.length;
  }
  if (at !== digits.length) throw new Error(`time: invalid duration ${quoted}`);
  return sign * Math.round(total);
}

/** The same; null when it is none. */
export function goDurationOrNull(text: string): number | null {
  try {
    return parseGoDuration(text);
  } catch {
    return null;
  }
}
