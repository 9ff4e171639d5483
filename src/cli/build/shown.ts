/** A build on its way, as it is shown: news of the daemon, and steps of our own before and after it. */
import { messageOf } from '../../lib/errors.ts';
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { isTerminal } from '../terminal/libc.ts';
import { writeErr } from '../terminal/output.ts';
import { PlainView } from './display/plain.ts';
import { quietView } from './display/quiet.ts';
import { RawJson } from './display/raw-json.ts';
import { type BuildNews, BuildState } from './display/state.ts';
import { failureText, warningsText } from './display/text.ts';
import type { BuildView, Finished } from './display/view.ts';

export type Mode = 'tty' | 'plain' | 'rawjson' | 'quiet';

/** --quiet, --progress, and where nothing is said BUILDKIT_PROGRESS. */
export function modeOf(flags: FlagValues): Mode {
  if (flags.bool('quiet')) return 'quiet';
  const asked = flags.changed('progress')
    ? flags.string('progress')
    : process.env.BUILDKIT_PROGRESS || 'auto';
  switch (asked) {
    case 'auto':
      return isTerminal(2) ? 'tty' : 'plain';
    case 'tty':
      if (!isTerminal(2)) throw new ExitError('--progress=tty: standard error is no terminal');
      return 'tty';
    case 'plain':
    case 'rawjson':
    case 'quiet':
      return asked;
    case 'none':
      return 'quiet';
    default:
      throw new ExitError(`invalid progress mode ${asked}`);
  }
}

async function viewFor(mode: Mode): Promise<BuildView> {
  if (mode === 'plain') return new PlainView(writeErr);
  if (mode !== 'tty') return quietView;
  const { LiveView } = await import('./display/live.ts');
  return new LiveView(2);
}

export class Shown implements Disposable {
  readonly #state = new BuildState(Date.now());
  readonly #raw: RawJson | null;
  /** Ours count down: the daemon's count up. */
  #last = 0;

  private constructor(
    readonly mode: Mode,
    private readonly view: BuildView,
    private readonly expanded: boolean,
  ) {
    this.#raw = mode === 'rawjson' ? new RawJson() : null;
  }

  static async open(mode: Mode, expanded: boolean): Promise<Shown> {
    return new Shown(mode, await viewFor(mode), expanded);
  }

  report(news: BuildNews): void {
    const line = this.#raw?.line(news) ?? null;
    if (line !== null) writeErr(`${JSON.stringify(line)}\n`);
    this.view.changed(this.#state, this.#state.apply(news));
  }

  /** A step of our own. `moved` tells of bytes. */
  async around<T>(
    title: string,
    what: string,
    work: (moved: (bytes: number) => void) => Promise<T>,
  ): Promise<T> {
    const id = --this.#last;
    this.report({ time: Date.now(), kind: 'step', id, step: { title, place: null } });
    const moved = (current: number) =>
      this.report({ time: Date.now(), kind: 'progress', id, subject: '', status: what, current });
    try {
      const result = await work(moved);
      this.report({ time: Date.now(), kind: 'end', id, outcome: { kind: 'done', image: null } });
      return result;
    } catch (error) {
      const outcome = { kind: 'failed', error: messageOf(error) } as const;
      this.report({ time: Date.now(), kind: 'end', id, outcome });
      throw error;
    }
  }

  finish(result: Finished): void {
    this.view.finish(this.#state, result);
    if (this.mode === 'tty' || this.mode === 'plain') writeErr(warningsText(this.#state, this.expanded));
  }

  /** What the failed step printed, for whoever has not seen it or cannot find it any more. */
  fail(): void {
    this.view.finish(this.#state, null);
    const { failed } = this.#state;
    if (failed !== null && failed.log.lines.length > 0 && this.mode !== 'rawjson')
      writeErr(failureText(failed));
    if (this.mode === 'tty' || this.mode === 'plain') writeErr(warningsText(this.#state, this.expanded));
  }

  [Symbol.dispose](): void {
    this.view[Symbol.dispose]();
  }
}
