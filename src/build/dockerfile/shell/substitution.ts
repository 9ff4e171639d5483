/** `${…}` with its operators. */
import { LexError } from './lex-error.ts';
import type { Lexer } from './lexer.ts';
import { parsePattern, replace, trimPrefix, trimSuffix } from './pattern.ts';

const missingBrace = "syntax error: missing '}'";
const missingSlash = `syntax error: missing '/' in $\{}`;

/** Reads `{…}`, the dollar is behind us. The operand is expanded whether it is needed or not, as BuildKit does. */
export function substitute(lexer: Lexer): string {
  lexer.next();
  const first = lexer.peek();
  if (first === '') throw new LexError(missingBrace);
  if (first === '{' || first === '}' || first === ':') throw new LexError('syntax error: bad substitution');
  const name = lexer.name();
  const operator = lexer.next();
  switch (operator) {
    case '':
      throw new LexError(missingBrace);
    case '}':
      return lexer.lookUp(name) ?? (lexer.options.keepUnset ? `\${${name}}` : '');
    case '/':
      return replacement(lexer, name);
    case ':':
      return withOperand(lexer, name, lexer.next(), ':');
    default:
      if (!'-+?#%'.includes(operator)) throw unsupported(operator);
      return withOperand(lexer, name, operator, '');
  }
}

/** An operand that runs into the end of the text is reported as a missing delimiter. */
function operand(lexer: Lexer, stop: string, keepEscapes: boolean, missing = missingBrace): string {
  try {
    return lexer.until(stop, keepEscapes).text;
  } catch (error) {
    if (error instanceof LexError && lexer.peek() === '') throw new LexError(missing);
    throw error;
  }
}

const unsupported = (written: string) => new LexError(`unsupported modifier (${written}) in substitution`);

/**
 * With a colon, what comes behind it is read before it is judged: a shell knows more operators than we do, and where what is not set stays
 * as it is written, the text is only looked through.
 */
function withOperand(lexer: Lexer, name: string, operator: string, colon: ':' | ''): string {
  if (operator === '') throw new LexError(missingBrace);
  const trims = operator === '#' || operator === '%';
  const word = operand(lexer, '}', trims);
  const value = lexer.lookUp(name);
  if (value === undefined && lexer.options.keepUnset) return `\${${name}${colon}${operator}${word}}`;
  if (trims) return trimmed(value, operator, word);
  if (!'-+?'.includes(operator)) throw unsupported(colon + operator);
  return conditional(name, value, operator, word, colon === ':');
}

/** `-` default, `+` alternative, `?` refusal; with a colon an empty value counts as none. */
function conditional(
  name: string,
  value: string | undefined,
  operator: string,
  word: string,
  colon: boolean,
): string {
  const present = value !== undefined && !(colon && value === '');
  if (operator === '+') return present ? word : '';
  if (present) return value;
  if (operator === '-') return word;
  throw new LexError(`${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`);
}

/** `#` and `##` from the front, `%` and `%%` from the end; doubled = as much as possible. */
function trimmed(value: string | undefined, operator: string, word: string): string {
  const longest = word.startsWith(operator);
  const pattern = parsePattern(longest ? word.slice(1) : word);
  return (operator === '%' ? trimSuffix : trimPrefix)(value ?? '', pattern, longest);
}

/** `/pattern/text` the first, `//pattern/text` every occurrence. */
function replacement(lexer: Lexer, name: string): string {
  const all = lexer.peek() === '/';
  if (all) lexer.next();
  const word = operand(lexer, '/', true, missingSlash);
  const text = operand(lexer, '}', true);
  const value = lexer.lookUp(name);
  if (value === undefined && lexer.options.keepUnset) return `\${${name}/${word}/${text}}`;
  return replace(value ?? '', parsePattern(word), text, all);
}
