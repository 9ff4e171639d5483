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
