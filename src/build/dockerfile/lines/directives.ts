/** Parser directives: `# syntax=…`, `# escape=…`, `# check=…` above everything else. */
import { plainProblem } from '../error.ts';
import type { Location } from '../location.ts';
import type { EscapeToken } from '../shell/lexer.ts';
import { trim } from '../text.ts';

const keys = ['syntax', 'escape', 'check'] as const;
export type DirectiveKey = (typeof keys)[number];

export interface Directive {
  key: DirectiveKey;
  value: string;
  location: Location;
}

const form = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=(.*)$/;

const isKey = (text: string): text is DirectiveKey => keys.some((key) => key === text);

/** Reads directives line by line, until the first line that is none. */
export class DirectiveReader {
  readonly found: Directive[] = [];
  escapeToken: EscapeToken = '\\';
  #done = false;
  /** BuildKit looks for syntax and check behind a `#!` line, but never for escape. */
  #behindShebang = false;

  /** Whether the line is a directive. Throws for one that is there twice, and for a bad escape character. */
  offer(line: string, number: number): boolean {
    if (this.#done) return false;
    if (number === 1 && line.startsWith('#!')) {
      this.#behindShebang = true;
      return false;
    }
    const match = form.exec(line);
    const key = match?.[1]?.toLowerCase() ?? '';
    const value = trim(match?.[2] ?? '');
    if (!isKey(key) || value === '') {
      this.#done = true;
      return false;
    }
    if (this.found.some((directive) => directive.key === key))
      throw plainProblem(`only one ${key} parser directive can be used`);
    this.found.push({ key, value, location: { start: number, end: number } });
    if (key === 'escape' && !this.#behindShebang) this.#setEscape(value);
    return true;
  }

  #setEscape(value: string): void {
    if (value !== '\\' && value !== '`')
      throw plainProblem(`invalid escape token '${value}' does not match \` or \\`, value);
    this.escapeToken = value;
  }
}
