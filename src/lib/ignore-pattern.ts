/** One pattern of `.dockerignore`, as moby/patternmatcher reads it: `**` may stand anywhere, also inside of a name. */
import { type CharTest, readPattern } from './path-pattern.ts';

/** Whether the path, or a directory that it is in, is matched. */
export type Matches = (path: string) => boolean;

type Token =
  /** One character. */
  | { kind: 'one'; test: CharTest }
  /** `*`: any number of them within a name. */
  | { kind: 'name' }
  /** `**` at the end: any number of them. */
  | { kind: 'rest' }
  /** `**` elsewhere: nothing, or anything up to a slash. */
  | { kind: 'deep' };

/** `pattern`: cleaned. Throws for one that cannot be read. */
export function ignoreMatcher(pattern: string): Matches {
  const tokens = tokensOf(pattern);
  if (!/[*?[\\]/.test(pattern)) return (path) => path === pattern || path.startsWith(`${pattern}/`);
  const [, before, text = '', after] = /^(\*\*)?([^*?[\\]*)(\*\*)?$/.exec(pattern) ?? [];
  if (before !== undefined && after === undefined) return endsWith(text);
  if (before === undefined && after !== undefined) return (path) => path.startsWith(text);
  return (path) => run(tokens, path);
}

/** `**` and plain text: the end of the path, wherever that text begins. */
function endsWith(text: string): Matches {
  const whole = text.startsWith('/') ? text.slice(1) : null;
  const isEnd = (path: string) => path.endsWith(text) || path === whole;
  return (path) => {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (isEnd(path.slice(0, at))) return true;
    return isEnd(path);
  };
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  let stars = 0;
  const endStars = () => {
    if (stars > 0) tokens.push({ kind: stars === 1 ? 'name' : 'deep' });
    stars = 0;
  };
  for (const piece of readPattern(pattern)) {
    if (piece === 'star') {
      if (++stars === 2) endStars();
      continue;
    }
    endStars();
    // "**/" is "**".
    if (tokens.at(-1)?.kind !== 'deep' || piece.text !== '/') tokens.push({ kind: 'one', test: piece.test });
  }
  endStars();
  if (tokens.at(-1)?.kind === 'deep') tokens.splice(-1, 1, { kind: 'rest' });
  return tokens;
}

/**
 * All ways at once, so that no pattern takes longer than its length times that of the path. State 2n: before token n; 2n+1: inside of
 * "deep" n, which only a slash ends.
 */
function run(tokens: readonly Token[], path: string): boolean {
  const accepted = 2 * tokens.length;
  let current = new Uint8Array(accepted + 1);
  let next = new Uint8Array(accepted + 1);
  const enter = (states: Uint8Array, state: number) => {
    states[state] = 1;
    // What may be nothing.
    for (let at = state; at < accepted && tokens[at >> 1]?.kind !== 'one'; at += 2) states[at + 2] = 1;
  };
  enter(current, 0);
  for (const char of path) {
    if (char === '/' && current[accepted] === 1) return true;
    next.fill(0);
    for (const [index, token] of tokens.entries()) {
      if (current[2 * index] === 1) step(token, 2 * index, char, next, enter);
      if (current[2 * index + 1] === 1) stepInside(2 * index, char, next, enter);
    }
    [current, next] = [next, current];
  }
  return current[accepted] === 1;
}

type Enter = (states: Uint8Array, state: number) => void;

function step(token: Token, state: number, char: string, next: Uint8Array, enter: Enter): void {
  if (token.kind === 'one') {
    if (token.test(char)) enter(next, state + 2);
  } else if (token.kind === 'deep') stepInside(state, char, next, enter);
  else if (token.kind === 'rest' || char !== '/') enter(next, state);
}

function stepInside(state: number, char: string, next: Uint8Array, enter: Enter): void {
  next[state + 1] = 1;
  if (char === '/') enter(next, state + 2);
}
