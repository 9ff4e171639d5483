/** Shows a JSON progress stream (pull, push, load, import): lines, or on a terminal rows that are redrawn in place. */
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

/** Where steps are shown; disposing leaves what they came to. */
export interface ProgressView extends Disposable {
  status(line: ProgressLine): void;
  text(text: string): void;
}

/** Throws the error that the daemon reports in the stream. */
export async function showProgress(body: AsyncIterable<Uint8Array>, options: ProgressOptions): Promise<void> {
  using view = await viewFor(options);
  for await (const line of jsonLines<ProgressLine>(body)) {
    const failure = line.errorDetail?.message ?? line.error;
    if (failure !== undefined) throw new ExitError(failure);
    if (line.aux) options.onAux?.(line.aux);
    else if (line.stream !== undefined) view.text(line.stream);
    else if (line.status !== undefined) view.status(line);
  }
}

async function viewFor({ fd, quiet }: ProgressOptions): Promise<ProgressView> {
  if (quiet) return { status() {}, text() {}, [Symbol.dispose]() {} };
  if (!isTerminal(fd)) return linesOn(fd);
  const { ProgressScreen } = await import('./progress-screen.ts');
  return new ProgressScreen(fd);
}

/** Without a terminal, percentages would only fill the log. */
function linesOn(fd: 1 | 2): ProgressView {
  return {
    status({ id, status, progress, progressDetail }) {
      const moving = (progressDetail?.current ?? 0) > 0 || Boolean(progress);
      if (!moving) writeAll(fd, `${id ? `${id}: ` : ''}${status ?? ''}\n`);
    },
    text: (text) => writeAll(fd, text),
    [Symbol.dispose]() {},
  };
}
