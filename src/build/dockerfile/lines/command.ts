/** An instruction's line taken apart: keyword, flags, arguments. */
import type { EscapeToken } from '../shell/lexer.ts';
import { isSpace, splitFirst, trim } from '../text.ts';

export interface Command {
  /** As written: "RUN", "run", "". */
  keyword: string;
  /** `--name=value` each, quotes and escapes taken away. */
  flags: string[];
  /** What follows, trimmed. */
  args: string;
}

/** One flag, read up to the white space that ends it. */
function readFlag(text: string, escapeToken: EscapeToken): { flag: string; end: number } {
  let flag = '';
  let mark = '';
  let index = 0;
  for (; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === escapeToken) flag += text.charAt(++index);
    else if (mark !== '') {
      if (character === mark) mark = '';
      else flag += character;
    } else if (character === '"' || character === "'") mark = character;
    else if (isSpace(character)) break;
    else flag += character;
  }
  return { flag, end: Math.min(index, text.length) };
}

/** Flags are the words with two dashes right behind the keyword; `--` alone ends them. */
export function splitCommand(line: string, escapeToken: EscapeToken): Command {
  const [keyword, text] = splitFirst(trim(line));
  const flags: string[] = [];
  let rest = trim(text ?? '');
  while (rest.startsWith('--')) {
    const { flag, end } = readFlag(rest, escapeToken);
    rest = trim(rest.slice(end));
    if (flag === '--') break;
    flags.push(flag);
  }
  return { keyword, flags, args: rest };
}
