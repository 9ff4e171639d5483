/** Heredocs: `<<NAME`, `<<-NAME` (leading tabs go), `<<"NAME"` (nothing is expanded), `3<<NAME`. */
import { expand, type LexOptions } from '../shell/lexer.ts';

export interface HeredocMark {
  name: string;
  /** 0 when none is written. */
  fileDescriptor: number;
  /** False when any part of the name is quoted. */
  expand: boolean;
  /** `<<-` */
  stripTabs: boolean;
}

export interface Heredoc extends HeredocMark {
  /** The lines as they are, each with its line ending, tabs not yet stripped: see `heredocText`. */
  content: string;
}

const form = /^(\d*)<<(-?)\s*([^<]*)$/;
const noVariables: ReadonlyMap<string, string> = new Map();
const nameOptions: LexOptions = { escapeToken: '\\', keepUnset: true, splits: true };
const lineOptions: LexOptions = { ...nameOptions, keepQuotes: true, keepEscapes: true };

/** A word that may be the mark of a heredoc; null = it is not. Throws for a name whose quote does not end. */
export function parseHeredocMark(word: string): HeredocMark | null {
  const match = form.exec(word);
  const written = match?.[3] ?? '';
  if (match === null || written === '') return null;
  const { words, text } = expand(written, noVariables, nameOptions);
  const [name] = words;
  if (name === undefined || words.length !== 1) return null;
  const withQuotes = expand(written, noVariables, { ...nameOptions, keepQuotes: true }).text;
  return {
    name,
    fileDescriptor: Number(match[1] ?? 0),
    expand: withQuotes === text,
    stripTabs: match[2] === '-',
  };
}

/** As above for words of which no error is expected any more: null instead. */
export function heredocMarkOrNull(word: string): HeredocMark | null {
  try {
    return parseHeredocMark(word);
  } catch {
    return null;
  }
}

/** Every heredoc that a whole line announces, in order. A line that the shell could not read has none. */
export function heredocMarks(line: string): HeredocMark[] {
  if (!line.includes('<<')) return [];
  let words: string[];
  try {
    words = expand(line, noVariables, lineOptions).words;
  } catch {
    return [];
  }
  return words.map(parseHeredocMark).filter((mark) => mark !== null);
}

/** The content as the file or script gets it. */
export function heredocText({ content, stripTabs }: Heredoc): string {
  if (!stripTabs) return content;
  return content
    .split('\n')
    .map((line) => line.replace(/^\t+/, ''))
    .join('\n');
}
