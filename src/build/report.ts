/** Tells who watches a build what goes on. */
import { messageOf } from '../lib/errors.ts';
import type { BuildEvent, StepInfo, StepOutcome } from './model.ts';

export class Reporter {
  #last = 0;

  constructor(readonly report: (event: BuildEvent) => void) {}

  begin(step: StepInfo): Step {
    const id = ++this.#last;
    this.report({ kind: 'step', id, step });
    return new Step(id, this.report);
  }

  /** A step that is over when `work` is. */
  async around<T>(title: string, work: (step: Step) => Promise<T>): Promise<T> {
    const step = this.begin({ title, place: null });
    try {
      const result = await work(step);
      step.end({ kind: 'done', image: null });
      return result;
    } catch (error) {
      step.end({ kind: 'failed', error: messageOf(error) });
      throw error;
    }
  }
}

export class Step {
  constructor(
    readonly id: number,
    private readonly report: (event: BuildEvent) => void,
  ) {}

  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.report({ kind: 'output', id: this.id, stream, bytes });
  }

  container(container: string): void {
    this.report({ kind: 'container', id: this.id, container });
  }

  progress(subject: string, status: string, current?: number, total?: number): void {
    const numbers = { ...(current !== undefined && { current }), ...(total !== undefined && { total }) };
    this.report({ kind: 'progress', id: this.id, subject, status, ...numbers });
  }

  end(outcome: StepOutcome): void {
    this.report({ kind: 'end', id: this.id, outcome });
  }
}
