/** The physical lines of a Dockerfile. */
import { plainProblem } from '../error.ts';

/** Bytes of a line without its end: what BuildKit's scanner holds. */
const lineLimit = 65535;
/** Bytes of a Dockerfile that BuildKit reads. */
const fileLimit = 16 << 20;

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

export class LineReader {
  readonly #lines: string[];
  /** Of the line that was read last, from 1. */
  number = 0;

  /** The byte order mark goes. Throws for a file that is too large. */
  constructor(text: string) {
    if (text.length > fileLimit / 3 && byteLength(text) > fileLimit)
      throw plainProblem('Dockerfile exceeds maximum allowed size');
    this.#lines = (text.startsWith('\ufeff') ? text.slice(1) : text).split('\n');
    if (this.#lines.at(-1) === '') this.#lines.pop();
  }

  /** Without the newline, but with the carriage return of a file that has some. null = the end. */
  next(): string | null {
    const line = this.#lines[this.number];
    if (line === undefined) return null;
    this.number++;
    if (line.length > lineLimit / 3 && byteLength(line) > lineLimit)
      throw plainProblem(`dockerfile line greater than max allowed size of ${lineLimit}`);
    return line;
  }
}

/** The line without its carriage returns. */
export function withoutReturn(line: string): string {
  let end = line.length;
  while (line.charAt(end - 1) === '\r') end--;
  return line.slice(0, end);
}
