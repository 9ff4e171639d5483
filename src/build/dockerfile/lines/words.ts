/** Words of an instruction's line, quotes and escapes still in them: expansion takes those away later. */
import type { EscapeToken } from '../shell/lexer.ts';
import { isSpace } from '../text.ts';

/** White space ends a word unless it is quoted or escaped. An escape character at the very end is dropped. */
function readWord(text: string, start: number, escapeToken: EscapeToken): { word: string; end: number } {
  let mark = '';
  let index = start;
  for (; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === escapeToken && mark !== "'") {
      if (index === text.length - 1) return { word: text.slice(start, index), end: text.length };
      index++;
    } else if (mark !== '') mark = character === mark ? '' : mark;
    else if (character === '"' || character === "'") mark = character;
    else if (isSpace(character)) break;
  }
  return { word: text.slice(start, index), end: index };
}

export function splitWords(text: string, escapeToken: EscapeToken): string[] {
  const words: string[] = [];
  let index = 0;
  while (index < text.length) {
    if (isSpace(text.charAt(index))) {
      index++;
      continue;
    }
    const { word, end } = readWord(text, index, escapeToken);
    if (word !== '') words.push(word);
    index = end;
  }
  return words;
}
