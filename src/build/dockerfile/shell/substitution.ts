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
      return conditional(lexer, name, lexer.next(), true);
    default:
      return '#%'.includes(operator)
        ? trimmed(lexer, name, operator)
        : conditional(lexer, name, operator, false);
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

/** `-` default, `+` alternative, `?` refusal; with a colon an empty value counts as none. */
function conditional(lexer: Lexer, name: string, operator: string, colon: boolean): string {
  const written = (colon ? ':' : '') + operator;
  if (operator === '' && colon) throw new LexError(missingBrace);
  if (!['-', '+', '?'].includes(operator))
    throw new LexError(`unsupported modifier (${written}) in substitution`);
  const word = operand(lexer, '}', false);
  const value = lexer.lookUp(name);
  if (value === undefined && lexer.options.keepUnset) return `\${${name}${written}${word}}`;
  const present = value !== undefined && !(colon && value === '');
  if (operator === '+') return present ? word : '';
  if (present) return value;
  if (operator === '-') return word;
  throw new LexError(`${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`);
}

/** `#` and `##` from the front, `%` and `%%` from the end; doubled = as much as possible. */
function trimmed(lexer: Lexer, name: string, operator: string): string {
  const word = operand(lexer, '}', true);
  const value = lexer.lookUp(name);
  if (value === undefined && lexer.options.keepUnset) return `\${${name}${operator}${word}}`;
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
