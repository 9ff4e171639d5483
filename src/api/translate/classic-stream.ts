/** A build's events, which come from stages that run side by side, as the stream of Docker's classic builder, which has one step at a time. */
import type { BuildEvent, BuildResult, StepOutcome } from '../../build/model.ts';
import type { Progress } from '../../lib/op.ts';
import { ClassicStep, type Removal } from './classic-step.ts';
import { type Budget, HeldOutput } from './held-output.ts';

/** Characters of output that wait for earlier steps. */
const heldLimit = 4 << 20;

interface Known {
  step: ClassicStep;
  held: HeldOutput;
  outcome: StepOutcome | null;
}

/**
 * The step at the front is shown as it goes; what later ones say is held back until it has ended. What belongs to no instruction (pulls) is
 * shown at once: it is what one waits for.
 */
export class ClassicStream {
  readonly #byId = new Map<number, Known>();
  readonly #waiting = new Map<number, Known>();
  readonly #budget: Budget = { left: heldLimit };
  readonly #warnings: string[] = [];
  readonly #removal: Removal;
  /** The number whose turn it is; it may not have begun. */
  #front = 1;
  /** What the stage so far has led to. */
  #image: string | null = null;
  /** The step that failed first; others may fail because it did. */
  #failed: number | null = null;

  constructor(
    private readonly send: (line: Progress) => void,
    removal: Removal,
  ) {
    this.#removal = removal;
  }

  report(event: BuildEvent): void {
    switch (event.kind) {
      case 'step':
        if (event.step.place !== null)
          this.#begin(event.id, new ClassicStep(event.step.place, this.#removal));
        return;
      case 'output':
        this.#output(event);
        return;
      case 'container':
        this.#say(event.id, (step) => step.container(event.container));
        return;
      case 'progress':
        this.#progress(event);
        return;
      case 'warning':
        this.#warnings.push(`${event.warning.message} (line ${event.warning.location.start})`);
        return;
      case 'end':
        this.#end(event.id, event.outcome);
        return;
    }
  }

  /** A build that has succeeded. */
  finish({ id, names }: BuildResult): void {
    this.#flush(() => true);
    this.send({ kind: 'result', value: { ID: id } });
    for (const warning of this.#warnings) this.send({ kind: 'text', text: `[Warning] ${warning}\n` });
    this.send({ kind: 'text', text: `Successfully built ${id.slice('sha256:'.length).slice(0, 12)}\n` });
    for (const name of names) this.send({ kind: 'text', text: `Successfully tagged ${name}\n` });
  }

  /** One that has not. Steps after the one that failed would never have begun in Docker. */
  fail(): void {
    const last = this.#failed ?? Number.POSITIVE_INFINITY;
    this.#flush((number) => number <= last);
  }

  #begin(id: number, step: ClassicStep): void {
    const known = { step, held: new HeldOutput(this.#budget), outcome: null };
    this.#byId.set(id, known);
    this.#waiting.set(step.place.number, known);
    if (step.place.number === this.#front) this.#show(known);
  }

  #show({ step, held }: Known): void {
    if (step.beginsStage) {
      if (this.#image !== null) this.send({ kind: 'result', value: { ID: this.#image } });
      this.#image = null;
    }
    for (const line of [...step.head(), ...held.drain()]) this.send(line);
  }

  #output(event: Extract<BuildEvent, { kind: 'output' }>): void {
    if (this.#byId.has(event.id)) this.#say(event.id, (step) => step.output(event));
    else this.send({ kind: 'text', text: Buffer.from(event.bytes).toString() });
  }

  #progress({ id, subject, status, current, total }: Extract<BuildEvent, { kind: 'progress' }>): void {
    const line: Progress = {
      kind: 'status',
      status,
      ...(subject !== '' && { id: subject }),
      ...(current !== undefined && { current }),
      ...(total !== undefined && { total }),
    };
    if (this.#byId.has(id)) this.#say(id, () => [line]);
    else this.send(line);
  }

  #say(id: number, lines: (step: ClassicStep) => Progress[]): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    const atFront = known.step.place.number === this.#front;
    for (const line of lines(known.step))
      if (atFront) this.send(line);
      else known.held.push(line);
  }

  #end(id: number, outcome: StepOutcome): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    known.outcome = outcome;
    if (outcome.kind === 'failed') this.#failed ??= known.step.place.number;
    if (known.step.place.number !== this.#front) return;
    this.#close(known, outcome);
    this.#advance();
  }

  #close({ step }: Known, outcome: StepOutcome): void {
    for (const line of step.end(outcome)) this.send(line);
    this.#waiting.delete(step.place.number);
    if (outcome.kind !== 'failed') this.#image = outcome.image ?? this.#image;
  }

  /** On to the next, but not beyond what failed; those that have ended meanwhile are shown whole. */
  #advance(): void {
    while (this.#failed === null || this.#front < this.#failed) {
      const known = this.#waiting.get(++this.#front);
      if (known === undefined) return;
      this.#show(known);
      if (known.outcome === null) return;
      this.#close(known, known.outcome);
    }
  }

  /** Whatever still waits, in its order: numbers that never came are passed over. */
  #flush(wanted: (number: number) => boolean): void {
    const left = [...this.#waiting.values()].sort((a, b) => a.step.place.number - b.step.place.number);
    for (const known of left) {
      const { number } = known.step.place;
      if (!wanted(number)) continue;
      if (number !== this.#front) this.#show(known);
      if (known.outcome !== null) this.#close(known, known.outcome);
    }
    this.#front = Number.POSITIVE_INFINITY;
  }
}
