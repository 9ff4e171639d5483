/** What a step prints: whole lines as they come, and the last of them for when it fails. */

export interface LogLine {
  /** Seconds since the step began. */
  at: number;
  text: string;
}

/** Characters that are kept. */
const keptLimit = 64 << 10;
/** A line that goes on and on is cut here. */
const lineLimit = 16 << 10;

export class StepLog {
  readonly #lines: LogLine[] = [];
  #first = 0;
  #kept = 0;
  #partial = { stdout: '', stderr: '' };
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };

  /** Returns the lines that are complete now. */
  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number): LogLine[] {
    const parts = (this.#partial[stream] + this.#decoders[stream].decode(bytes, { stream: true })).split(
      '\n',
    );
    this.#partial[stream] = (parts.pop() ?? '').slice(-lineLimit);
    return parts.map((text) => this.#add({ at, text: visible(text) }));
  }

  /** At the end of the step: what had no newline yet. */
  flush(at: number): LogLine[] {
    const rest = [this.#partial.stdout, this.#partial.stderr].filter((text) => text !== '');
    this.#partial = { stdout: '', stderr: '' };
    return rest.map((text) => this.#add({ at, text: visible(text) }));
  }

  /** The last `count` lines, the one that is being written included. */
  tail(count: number): string[] {
    const partial = [this.#partial.stdout, this.#partial.stderr].filter((text) => text !== '').map(visible);
    const texts = this.#lines
      .slice(Math.max(this.#first, this.#lines.length - count))
      .map(({ text }) => text);
    return [...texts, ...partial].slice(-count);
  }

  /** Everything that is kept. */
  get lines(): readonly LogLine[] {
    return this.#lines.slice(this.#first);
  }

  #add(line: LogLine): LogLine {
    this.#lines.push(line);
    this.#kept += line.text.length + 1;
    while (this.#kept > keptLimit && this.#first < this.#lines.length - 1)
      this.#kept -= (this.#lines[this.#first++]?.text.length ?? 0) + 1;
    if (this.#first > 1024) {
      this.#lines.splice(0, this.#first);
      this.#first = 0;
    }
    return line;
  }
}

/** Progress bars go back to the start of their line: what was written last is what one sees. */
function visible(line: string): string {
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}
