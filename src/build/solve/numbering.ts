/** How steps are called. */
import type { Arg, Instruction, ResolvedStage, Stage } from '../dockerfile/dockerfile.ts';
import type { StepInfo } from '../model.ts';

const makesFiles = new Set<Instruction['kind']>(['run', 'copy', 'add', 'workdir']);

interface Position {
  /** Among all instructions of the build, in the order of the file. */
  number: number;
  /** Among the steps of the stage that are numbered when it is shown: FROM, and what may change files. */
  shown: number | null;
}

export class Numbering {
  readonly #positions = new Map<Stage, { from: Position; of: Map<Instruction, Position>; shown: number }>();
  readonly #total: number;

  readonly #metaArgs: readonly Arg[];

  /** Of the stages that are needed, in the order of the file, and what runs in them. */
  constructor(
    metaArgs: readonly Arg[],
    stages: readonly ResolvedStage[],
    instructions: readonly (readonly Instruction[])[],
  ) {
    this.#metaArgs = metaArgs;
    let number = metaArgs.length;
    for (const [index, { stage }] of stages.entries()) {
      const from = { number: ++number, shown: 1 };
      const of = new Map<Instruction, Position>();
      let shown = 1;
      for (const instruction of instructions[index] ?? [])
        of.set(instruction, { number: ++number, shown: makesFiles.has(instruction.kind) ? ++shown : null });
      this.#positions.set(stage, { from, of, shown });
    }
    this.#total = number;
  }

  metaArg(arg: Arg): StepInfo {
    const place = { number: this.#metaArgs.indexOf(arg) + 1, total: this.#total, instruction: arg.source };
    return { title: arg.source, place, minor: true };
  }

  from(stage: Stage): StepInfo {
    const position = this.#positions.get(stage);
    return this.#info(stage, stage.from.source, position?.from);
  }

  instruction(stage: Stage, instruction: Instruction): StepInfo {
    return this.#info(stage, instruction.source, this.#find(stage, instruction));
  }

  /** Triggers of a base stage are read anew each time. */
  #find(stage: Stage, instruction: Instruction): Position | undefined {
    const of = this.#positions.get(stage)?.of;
    return (
      of?.get(instruction) ?? [...(of ?? [])].find(([other]) => other.source === instruction.source)?.[1]
    );
  }

  #info(stage: Stage, instruction: string, position: Position | undefined): StepInfo {
    const shown = this.#positions.get(stage)?.shown ?? 0;
    const name = stage.name ?? (this.#positions.size > 1 ? `stage-${stage.index}` : '');
    const count = position?.shown ? [`${position.shown}/${shown}`] : [];
    const label = [name, ...count].filter(Boolean).join(' ');
    return {
      title: label === '' ? instruction : `[${label}] ${instruction}`,
      place: position ? { number: position.number, total: this.#total, instruction } : null,
      ...(position?.shown === null && { minor: true as const }),
    };
  }
}
