/** Go's idea of white space, which the Dockerfile language inherits. */

const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** unicode.IsSpace of one character; false for "". */
export function isSpace(character: string): boolean {
  return space.test(character);
}

export function trimLeft(text: string): string {
  let start = 0;
  while (start < text.length && isSpace(text.charAt(start))) start++;
  return text.slice(start);
}

export function trim(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return trimLeft(text.slice(0, end));
}

const blanks = /[\t\v\f\r ]+/;

/** The first word and the rest; the rest is null when there is none. */
export function splitFirst(text: string): [first: string, rest: string | null] {
  const match = blanks.exec(text);
  if (match === null) return [text, null];
  return [text.slice(0, match.index), text.slice(match.index + match[0].length)];
}

/** Words between blanks, without any regard for quotes; "" has none. */
export function splitBlanks(text: string): string[] {
  return text === '' ? [] : text.split(blanks);
}

/** Go's %q. */
export const quote = (text: string): string => JSON.stringify(text);
