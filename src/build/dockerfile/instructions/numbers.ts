/** Numbers as Go reads them. null = not one. */

const booleans = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** strconv.ParseBool. */
export function parseGoBoolean(text: string): boolean | null {
  return booleans.get(text) ?? null;
}

/** strconv.ParseUint of 32 bits. */
export function parseUnsigned(text: string, radix: 8 | 10): number | null {
  if (!(radix === 8 ? /^[0-7]+$/ : /^\d+$/).test(text)) return null;
  const value = Number.parseInt(text, radix);
  return value <= 0xffffffff ? value : null;
}

/** units.RAMInBytes: "64m" = 67108864. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (match === null) return null;
  const power = 'kmgtp'.indexOf(match[2]?.toLowerCase() ?? ' ') + 1;
  return Math.trunc(Number(match[1]) * 1024 ** power);
}

const nanoseconds: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const quantity = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const duration = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** time.ParseDuration, in nanoseconds. */
export function parseDuration(text: string): number | null {
  if (/^[-+]?0$/.test(text)) return 0;
  if (text.length > 100 || !duration.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(quantity))
    total += Number(amount) * (nanoseconds[unit ?? ''] ?? 0);
  return text.startsWith('-') ? -Math.round(total) : Math.round(total);
}
