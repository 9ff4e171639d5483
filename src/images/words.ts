/** The little language inside Dockerfile instructions: words, quotes, `key=value`, `$NAME`. */
import { invalid } from '../lib/errors.ts';

/** The strings of a JSON list, or null when `text` is not one (then it is shell form). */
export function jsonStrings(text: string): string[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  } catch {
    // Docker falls back to the shell form as well.
  }
  return null;
}

/** Words separated by blanks; quotes group and stay for `expand`, a backslash keeps the next character. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (quote === '' && /\s/.test(c)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    word += c;
    if (c === '\\' && quote !== "'") word += text.charAt(++at);
    else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
  }
  if (word !== '') words.push(word);
  return words;
}

/** `a=1 b="2 3"`, or the old form `a 1 2` with one key. Values still have their quotes. */
export function parsePairs(instruction: string, text: string): [string, string][] {
  const words = splitWords(text);
  const [first] = words;
  if (first === undefined) throw invalid(`${instruction} requires at least one argument`);
  if (!first.includes('=')) {
    if (words.length < 2) throw invalid(`${instruction} must have two arguments`);
    return [[first, text.slice(text.indexOf(first) + first.length).trim()]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw invalid(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      );
    if (equals === 0) throw invalid(`${instruction} names can not be blank`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** Removes quotes and replaces `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` outside single quotes. */
export function expand(text: string, env: ReadonlyMap<string, string>): string {
  let result = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '\\' && quote !== "'") {
      const next = text.charAt(++at);
      // Inside double quotes a backslash only escapes what would mean something there.
      result += quote === '"' && !'"\\$'.includes(next) ? `\\${next}` : next;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else if (c === '$' && quote !== "'") {
      const match = variable.exec(text.slice(at));
      if (match === null) result += c;
      else {
        result += substitute(match, env);
        at += match[0].length - 1;
      }
    } else result += c;
  }
  if (quote !== '')
    throw invalid(
      `unexpected end of statement while looking for matching ${quote === '"' ? 'double' : 'single'}-quote`,
    );
  return result;
}

const variable = /^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\})/;

function substitute(match: RegExpExecArray, env: ReadonlyMap<string, string>): string {
  const [, bare, braced, operator, word = ''] = match;
  const value = env.get(bare ?? braced ?? '') ?? '';
  if (operator === '-') return value === '' ? expand(word, env) : value;
  if (operator === '+') return value === '' ? '' : expand(word, env);
  return value;
}
