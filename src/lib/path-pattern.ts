/** File names with wildcards, as Go's path/filepath.Match reads them: `*`, `?`, `[a-z]`, `[^a]` and `\x`, none of which matches a slash. */
import { invalid } from './errors.ts';

const special = /[*?[\\]/;

export const hasWildcard = (path: string): boolean => special.test(path);

const bad = (pattern: string | readonly string[]) =>
  invalid(`syntax error in pattern: ${typeof pattern === 'string' ? pattern : pattern.join('')}`);

export type CharTest = (char: string) => boolean;

/** Any number of characters, or one for which this holds; `text`: the character itself, or null where there is a choice. */
export type Piece = 'star' | { text: string | null; test: CharTest };

const notSlash: CharTest = (char) => char !== '/';

/** What a pattern is made of. Throws for one that cannot be read. */
export function readPattern(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*') pieces.push('star');
    else if (char === '?') pieces.push({ text: null, test: notSlash });
    else if (char === '[') {
      const { test, end } = readClass(chars, at);
      pieces.push({ text: null, test });
      at = end;
    } else {
      const text = char === '\\' ? chars[++at] : char;
      if (text === undefined) throw bad(pattern);
      pieces.push({ text, test: (one) => one === text });
    }
  }
  return pieces;
}

/** `start` is at the bracket; `end` will be at the closing one. */
function readClass(
  component: readonly string[],
  start: number,
): { test: (char: string) => boolean; end: number } {
  const negated = component[start + 1] === '^';
  let at = negated ? start + 2 : start + 1;
  const ranges: [low: string, high: string][] = [];
  while (component[at] !== ']' || ranges.length === 0) {
    const low = readCharacter(component, at);
    const high = component[low.end] === '-' ? readCharacter(component, low.end + 1) : low;
    if (high.char < low.char) throw bad(component);
    ranges.push([low.char, high.char]);
    at = high.end;
  }
  return { test: (char) => ranges.some(([low, high]) => low <= char && char <= high) !== negated, end: at };
}

function readCharacter(component: readonly string[], start: number): { char: string; end: number } {
  const at = component[start] === '\\' ? start + 1 : start;
  const char = component[at];
  if (char === undefined || (at === start && (char === '-' || char === ']'))) throw bad(component);
  return { char, end: at + 1 };
}

/**
 * Tokens for one element each, and stars for any number of them. Takes time proportional to the product of both lengths at most: of
 * several stars only the last one's share is ever taken back.
 */
export function matchesAll<T>(
  tokens: readonly ('star' | ((element: T) => boolean))[],
  elements: readonly T[],
): boolean {
  let token = 0;
  let star = -1;
  let resume = 0;
  for (let at = 0; at < elements.length; ) {
    const current = tokens[token];
    if (current === 'star') {
      star = token++;
      resume = at;
    } else if (current?.(elements[at] as T)) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === 'star');
}

/** For one name of a path. Throws for a pattern that cannot be read. */
export function nameMatcher(pattern: string): (name: string) => boolean {
  const tokens = readPattern(pattern).map((piece) => (piece === 'star' ? piece : piece.test));
  return (name) => matchesAll(tokens, [...name]);
}

/** Matches whole paths. `deep`: `**` matches any number of directories. Throws for a pattern that cannot be read. */
export function pathMatcher(pattern: string, { deep = false } = {}): (path: string) => boolean {
  const components = pattern.split('/').map((name) => (deep && name === '**' ? 'star' : nameMatcher(name)));
  return (path) => matchesAll(components, path.split('/'));
}

/** A path without wildcards that everything the pattern matches is beneath, and how many levels beneath it that is. */
export function literalPrefix(pattern: string): { prefix: string; depth: number } {
  const parts = pattern.split('/');
  const first = parts.findIndex(hasWildcard);
  if (first < 0) return { prefix: pattern, depth: 0 };
  return { prefix: parts.slice(0, first).join('/') || '/', depth: parts.length - first };
}
