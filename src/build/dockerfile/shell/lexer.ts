/**
 * Variable expansion and word splitting of the Dockerfile language, after the manual and BuildKit's frontend/dockerfile/shell:
 * `$x`, `${x…}` (substitution.ts), 'literal', "expanded", escapes.
 */
import { plainProblem } from '../error.ts';
import { isSpace, quote } from '../text.ts';
import { LexError } from './lex-error.ts';
import { substitute } from './substitution.ts';
import { WordList } from './word-list.ts';

export type EscapeToken = '\\' | '`';

/** How a text is read; every switch is off by default. */
export interface LexOptions {
  escapeToken: EscapeToken;
  /** Quotes stay in the result. */
  keepQuotes?: boolean;
  /** Escape characters stay in the result. */
  keepEscapes?: boolean;
  /** A variable that is not set stays as it is written. */
  keepUnset?: boolean;
  /** Quotes are plain characters: heredoc bodies. */
  plainQuotes?: boolean;
  /** The result is wanted in words, too. */
  splits?: boolean;
}

export type Variables = ReadonlyMap<string, string>;

export interface Expansion {
  text: string;
  /** The text split at white space outside quotes, after expansion; only with `splits`. */
  words: string[];
  /** Names that were looked up: with and without a value. */
  matched: Set<string>;
  unmatched: Set<string>;
}

/** `${a:-${b:-${…}}}` deeper than this is an attack, not a Dockerfile. */
const depthLimit = 100;
/** UTF-16 units of values that one expansion may produce. BuildKit has no limit; `ENV a=$a$a` doubles each time. */
const producedLimit = 4 << 20;

const special = /^[@*#?\-$!0]$/;
const letterOrDigit = /^[\p{L}\p{Nd}_]$/u;
const digit = /^\p{Nd}$/u;

/** Expands `source`. Throws BuildKit's texts: `failed to process "…": …`. */
export function expand(source: string, variables: Variables, options: LexOptions): Expansion {
  const lexer = new Lexer(source, variables, options);
  try {
    const { text, words } = lexer.until('', options.keepEscapes ?? false);
    return { text, words, matched: lexer.matched, unmatched: lexer.unmatched };
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    throw plainProblem(`failed to process ${quote(source)}: ${error.message}`);
  }
}

/** A cursor over the text. "" stands for its end. */
export class Lexer {
  readonly matched = new Set<string>();
  readonly unmatched = new Set<string>();
  #position = 0;
  #depth = 0;
  #produced = 0;
  #keepEscapes = false;

  constructor(
    readonly source: string,
    readonly variables: Variables,
    readonly options: LexOptions,
  ) {}

  peek(): string {
    const code = this.source.codePointAt(this.#position);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  next(): string {
    const character = this.peek();
    this.#position += character.length;
    return character;
  }

  /** Up to and without the stop character; "" reads to the end. The substitutions inside are expanded. */
  until(stop: string, keepEscapes: boolean): { text: string; words: string[] } {
    const outer = this.#keepEscapes;
    this.#keepEscapes = keepEscapes;
    if (++this.#depth > depthLimit) throw new LexError('syntax error: substitutions are nested too deeply');
    const words = new WordList(this.options.splits ?? false);
    let text = '';
    for (let character = this.peek(); character !== stop; character = this.peek()) {
      if (character === '')
        throw new LexError(`unexpected end of statement while looking for matching ${stop}`);
      text += this.#piece(character, words);
    }
    this.next();
    this.#depth--;
    this.#keepEscapes = outer;
    return { text, words: words.finish() };
  }

  #piece(character: string, words: WordList): string {
    if (character === '$') {
      const value = this.#dollar();
      words.addSplit(value);
      return value;
    }
    const quoted = !(this.options.plainQuotes ?? false);
    if (quoted && character === "'") return words.addWhole(this.#singleQuoted());
    if (quoted && character === '"') return words.addWhole(this.#doubleQuoted());
    if (character === '<') return words.addWhole(this.#angle());
    this.next();
    if (character !== this.options.escapeToken) {
      words.addSplit(character);
      return character;
    }
    const escaped = this.next();
    return words.addWhole((this.#keepEscapes ? character : '') + escaped);
  }

  /** `<<  EOF` is one word: white space belongs to the mark of a heredoc. */
  #angle(): string {
    this.next();
    if (this.peek() !== '<') return '<';
    let text = `<${this.next()}`;
    while (isSpace(this.peek())) text += this.next();
    return text;
  }

  #singleQuoted(): string {
    const mark = this.options.keepQuotes ? "'" : '';
    const start = this.#position + 1;
    const end = this.source.indexOf("'", start);
    if (end < 0) throw new LexError('unexpected end of statement while looking for matching single-quote');
    this.#position = end + 1;
    return mark + this.source.slice(start, end) + mark;
  }

  #doubleQuoted(): string {
    const mark = this.options.keepQuotes ? '"' : '';
    this.next();
    let text = mark;
    for (let character = this.peek(); character !== '"'; character = this.peek()) {
      if (character === '')
        throw new LexError('unexpected end of statement while looking for matching double-quote');
      text += character === '$' ? this.#dollar() : this.#insideQuotes();
    }
    this.next();
    return text + mark;
  }

  /** As in sh(1), an escape character is one only before a quote, a dollar and itself. */
  #insideQuotes(): string {
    const character = this.next();
    if (character !== this.options.escapeToken) return character;
    const kept = this.#keepEscapes ? character : '';
    const following = this.peek();
    if (following === '') return kept;
    const escapes = following === '"' || following === '$' || following === this.options.escapeToken;
    return kept + (escapes ? this.next() : character);
  }

  #dollar(): string {
    this.next();
    const value = this.peek() === '{' ? substitute(this) : this.#plainVariable();
    this.#produced += value.length;
    if (this.#produced > producedLimit) throw new LexError('the result is too long');
    return value;
  }

  #plainVariable(): string {
    const name = this.name();
    if (name === '') return '$';
    return this.lookUp(name) ?? (this.options.keepUnset ? `$${name}` : '');
  }

  /** A name, a number, or one of the shell's special parameters; "" when there is none. */
  name(): string {
    const first = this.peek();
    if (digit.test(first)) return this.#while(digit);
    return special.test(first) ? this.next() : this.#while(letterOrDigit);
  }

  #while(pattern: RegExp): string {
    const start = this.#position;
    while (pattern.test(this.peek())) this.next();
    return this.source.slice(start, this.#position);
  }

  lookUp(name: string): string | undefined {
    const value = this.variables.get(name);
    (value === undefined ? this.unmatched : this.matched).add(name);
    return value;
  }
}
