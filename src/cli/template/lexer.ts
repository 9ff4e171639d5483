/** Cuts a Go template into tokens: text, and what stands between {{ and }}. Source: the Go package text/template/parse. */

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'identifier'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'char'
  | 'string'
  | 'raw'
  | 'pipe'
  | 'comma'
  | 'assign'
  | 'declare'
  | 'left'
  | 'right'
  | 'eof';

export interface Token {
  kind: TokenKind;
  text: string;
  /** Offset in the template's text. */
  at: number;
}

const keywords = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
]);

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['left', /\(/y],
  ['right', /\)/y],
  ['string', /"(?:[^"\\\n]|\\.)*"/y],
  ['raw', /`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\.)+'/y],
  [
    'number',
    /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y,
  ],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['identifier', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
];

/** An error in the template's text, as Go words it. */
export class TemplateSyntaxError extends Error {}

export function syntaxError(source: string, at: number, message: string): TemplateSyntaxError {
  const line = source.slice(0, at).split('\n').length;
  return new TemplateSyntaxError(`template: :${line}: ${message}`);
}

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const trimThis = open >= 0 && /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4));
    let text = source.slice(at, end);
    const lead = trimNext ? text.length - text.trimStart().length : 0;
    text = text.slice(lead);
    if (trimThis) text = text.trimEnd();
    if (text !== '') tokens.push({ kind: 'text', text, at: at + lead });
    if (open < 0) break;
    const action = readAction(source, open, trimThis ? open + 3 : open + 2, tokens);
    at = action.end;
    trimNext = action.trim;
  }
  tokens.push({ kind: 'eof', text: '', at: source.length });
  return tokens;
}

function readAction(
  source: string,
  open: number,
  start: number,
  tokens: Token[],
): { end: number; trim: boolean } {
  const comment = /[ \t\r\n]*\/\*[\s\S]*?\*\/[ \t\r\n]*(-)?\}\}/y;
  comment.lastIndex = start;
  const skipped = comment.exec(source);
  if (skipped) return { end: comment.lastIndex, trim: skipped[1] === '-' };
  tokens.push({ kind: 'open', text: '{{', at: open });
  let at = start;
  for (;;) {
    if (source.startsWith('}}', at)) {
      tokens.push({ kind: 'close', text: '}}', at });
      return { end: at + 2, trim: false };
    }
    const trimmed = /[ \t\r\n]+-\}\}/y;
    trimmed.lastIndex = at;
    if (trimmed.test(source)) {
      tokens.push({ kind: 'close', text: '}}', at });
      return { end: trimmed.lastIndex, trim: true };
    }
    if (at >= source.length) throw syntaxError(source, at, 'unclosed action');
    const token = readToken(source, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function readToken(source: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (!match) continue;
    const [text] = match;
    if (kind === 'number' && !/[0-9]/.test(text)) continue;
    if (kind === 'number' && /^[\p{L}_]/u.test(source.slice(at + text.length)))
      throw syntaxError(
        source,
        at,
        `bad number syntax: ${JSON.stringify(text + (source[at + text.length] ?? ''))}`,
      );
    return { kind: kind === 'identifier' ? classify(text) : kind, text, at };
  }
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (character === '"') throw syntaxError(source, at, 'unterminated quoted string');
  if (character === '`') throw syntaxError(source, at, 'unterminated raw quoted string');
  if (character === "'") throw syntaxError(source, at, 'unterminated character constant');
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw syntaxError(source, at, `unexpected bad character U+${code} '${character}' in command`);
}

function classify(word: string): TokenKind {
  if (keywords.has(word)) return 'keyword';
  if (word === 'true' || word === 'false') return 'bool';
  return word === 'nil' ? 'nil' : 'identifier';
}
