/**
 * Shell patterns without brackets: `*`, `?` and escapes, neither of which matches a newline. They are matched by hand:
 * a regular expression with several stars would backtrack for hours on a hostile value.
 */
import { LexError } from './lex-error.ts';

/** null = any one character. */
type Segment = (string | null)[];
/** What stands between the stars; a single segment = no star. */
export type Pattern = Segment[];

/** Comparisons that one operation may take; a legitimate one takes thousands. */
const effortLimit = 20_000_000;
/** UTF-16 units of replacements, which can multiply a value. */
const producedLimit = 4 << 20;

/** Throws for an escape before anything but `*`, `?`, `\`; before `}` and `/` the backslash is dropped. */
export function parsePattern(text: string): Pattern {
  const characters = [...text];
  let segment: Segment = [];
  const pattern = [segment];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    if (character === '*') {
      segment = [];
      pattern.push(segment);
    } else if (character === '?') segment.push(null);
    else if (character === '\\') segment.push(escaped(characters[++index] ?? '', text));
    else segment.push(character);
  }
  return pattern;
}

function escaped(character: string, pattern: string): string {
  if (['*', '?', '\\', '}', '/'].includes(character)) return character;
  throw new LexError(`invalid pattern (${pattern}) in substitution: invalid escape '\\${character}'`);
}

class Matcher {
  #effort = 0;

  constructor(
    readonly pattern: Pattern,
    readonly value: readonly string[],
  ) {}

  /** The end of a match that begins at `start`, or -1. Every star but the last is best served by the first place that fits. */
  end(start: number, longest: boolean): number {
    let position = this.#fits(this.pattern[0] ?? [], start);
    for (let index = 1; index < this.pattern.length && position >= 0; index++) {
      const latest = longest && index === this.pattern.length - 1;
      position = this.#find(this.pattern[index] ?? [], position, latest);
    }
    return position;
  }

  /** The end of the segment if it stands at `start`, or -1. */
  #fits(segment: Segment, start: number): number {
    for (const [offset, wanted] of segment.entries()) {
      if (++this.#effort > effortLimit) throw new LexError('the pattern is too costly to match');
      const found = this.value[start + offset];
      if (found === undefined || (wanted === null ? found === '\n' : found !== wanted)) return -1;
    }
    return start + segment.length;
  }

  /** After a star: the first or last place for the segment on this line. */
  #find(segment: Segment, from: number, latest: boolean): number {
    let found = -1;
    for (let start = from; start <= this.value.length; start++) {
      if (++this.#effort > effortLimit) throw new LexError('the pattern is too costly to match');
      const end = this.#fits(segment, start);
      if (end >= 0) found = end;
      if ((end >= 0 && !latest) || this.value[start] === '\n') break;
    }
    return found;
  }
}

export function trimPrefix(value: string, pattern: Pattern, longest: boolean): string {
  const characters = [...value];
  const end = new Matcher(pattern, characters).end(0, longest);
  return end < 0 ? value : characters.slice(end).join('');
}

/** The mirror image of trimPrefix. */
export function trimSuffix(value: string, pattern: Pattern, longest: boolean): string {
  const mirrored = [...pattern].reverse().map((segment) => [...segment].reverse());
  const characters = [...value].reverse();
  const end = new Matcher(mirrored, characters).end(0, longest);
  return end < 0 ? value : characters.slice(end).reverse().join('');
}

/** The leftmost, longest match, or all of them from left to right. Nothing in `text` is special. */
export function replace(value: string, pattern: Pattern, text: string, all: boolean): string {
  const characters = [...value];
  const matcher = new Matcher(pattern, characters);
  const startsWithStar = pattern.length > 1 && pattern[0]?.length === 0;
  const out: string[] = [];
  let length = 0;
  let previousEnd = -1;
  for (let start = 0; start <= characters.length; ) {
    const end = matcher.end(start, true);
    if (end > start || (end === start && start !== previousEnd)) {
      length += text.length;
      if (length > producedLimit) throw new LexError('the result is too long');
      out.push(text);
      if (!all) return out.join('') + characters.slice(end).join('');
      previousEnd = end;
    }
    // What a leading star cannot reach from here, it cannot reach from farther right on this line either.
    const hopeless =
      end < 0 && startsWithStar ? characters.indexOf('\n', start) + 1 || characters.length + 1 : start + 1;
    const following = end > start ? end : hopeless;
    if (end <= start) out.push(...characters.slice(start, following));
    start = following;
  }
  return out.join('');
}
