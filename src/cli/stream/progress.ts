/** Shows a JSON progress stream (load, import, pull): one line per object, redrawn in place on a terminal. */
import type { ProgressLine } from '../../api/types/common.ts';
import { ExitError } from '../exit.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeAll } from '../terminal/output.ts';
import { jsonLines } from './json-lines.ts';

export interface ProgressOptions {
  fd: 1 | 2;
  /** Shows nothing but errors. */
  quiet?: boolean;
  onAux?: (aux: Record<string, unknown>) => void;
}

/** Throws the error that the daemon reports in the stream. */
export async function showProgress(body: AsyncIterable<Uint8Array>, options: ProgressOptions): Promise<void> {
  const { fd } = options;
  const screen = isTerminal(fd) ? new Screen(fd) : null;
  for await (const line of jsonLines<ProgressLine>(body)) {
    const failure = line.errorDetail?.message ?? line.error;
    if (failure !== undefined) throw new ExitError(failure);
    if (line.aux) options.onAux?.(line.aux);
    else if (options.quiet) continue;
    else if (line.stream !== undefined) writeAll(fd, line.stream);
    else if (line.status !== undefined) showStatus(line, screen, fd);
  }
}

function showStatus(line: ProgressLine, screen: Screen | null, fd: 1 | 2): void {
  const moving = (line.progressDetail?.current ?? 0) > 0 || Boolean(line.progress);
  if (screen && line.id)
    screen.set(line.id, `${line.id}: ${line.status ?? ''}${line.progress ? ` ${line.progress}` : ''}`);
  // Without a terminal, percentages would only fill the log.
  else if (!moving) writeAll(fd, `${line.id ? `${line.id}: ` : ''}${line.status ?? ''}\n`);
}

/** Lines that are rewritten in place, by their id. */
class Screen {
  readonly #rows: string[] = [];

  constructor(private readonly fd: 1 | 2) {}

  set(id: string, text: string): void {
    const known = this.#rows.indexOf(id);
    if (known < 0) {
      this.#rows.push(id);
      writeAll(this.fd, `${text}\n`);
      return;
    }
    const up = this.#rows.length - known;
    writeAll(this.fd, `\x1b[${up}A\x1b[2K\r${text}\r\x1b[${up}B`);
  }
}
