/** What Docker's classic builder prints of one step. */
import type { BuildEvent, StepInfo, StepOutcome } from '../../build/model.ts';
import type { Progress } from '../../lib/op.ts';

type Place = NonNullable<StepInfo['place']>;
type Output = Extract<BuildEvent, { kind: 'output' }>;

export interface Removal {
  /** Containers of steps that succeed are said to be removed. */
  rm: boolean;
  /** And those of steps that fail. */
  force: boolean;
}

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
const text = (value: string): Progress => ({ kind: 'text', text: value });

const isFrom = (instruction: string): boolean => /^from\b/i.test(instruction);

export class ClassicStep {
  readonly place: Place;
  #container: string | null = null;
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };

  constructor(
    place: Place,
    private readonly removal: Removal,
  ) {
    this.place = place;
  }

  get beginsStage(): boolean {
    return isFrom(this.place.instruction);
  }

  /** Two messages, as Docker sends them. */
  head(): Progress[] {
    const { number, total, instruction } = this.place;
    return [text(`Step ${number}/${total} : ${instruction}`), text('\n')];
  }

  container(id: string): Progress[] {
    this.#container = id;
    return [text(` ---> Running in ${short(id)}\n`)];
  }

  output({ stream, bytes }: Output): Progress[] {
    return written(stream, this.#decoders[stream].decode(bytes, { stream: true }));
  }

  end(outcome: StepOutcome): Progress[] {
    const rest = [
      ...written('stdout', this.#decoders.stdout.decode()),
      ...written('stderr', this.#decoders.stderr.decode()),
    ];
    if (outcome.kind === 'failed') return [...rest, ...this.#removed(this.removal.force)];
    const cached = outcome.kind === 'cached' && !this.beginsStage ? [text(' ---> Using cache\n')] : [];
    return [...rest, ...this.#removed(this.removal.rm), ...cached, ...this.#image(outcome.image)];
  }

  /** FROM scratch has none, and Docker prints just that; an ARG above FROM has nothing to say. */
  #image(image: string | null): Progress[] {
    return image === null && !this.beginsStage ? [] : [text(` ---> ${short(image ?? '')}\n`)];
  }

  #removed(said: boolean): Progress[] {
    return said && this.#container !== null
      ? [text(` ---> Removed intermediate container ${short(this.#container)}\n`)]
      : [];
  }
}

/** Standard error is red. */
function written(stream: 'stdout' | 'stderr', value: string): Progress[] {
  if (value === '') return [];
  return [text(stream === 'stdout' ? value : `\x1b[91m${value}\x1b[0m`)];
}
