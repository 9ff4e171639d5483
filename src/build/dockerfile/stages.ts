/** Instructions -> stages. */
import { locating, plainProblem, type SourceFile } from './error.ts';
import type { Arg, From, Instruction } from './instructions/model.ts';
import { parseInstruction } from './instructions/parse.ts';
import { type Nodes, parseNodes } from './lines/nodes.ts';
import type { Location } from './location.ts';

export interface Stage {
  /** From 0, in the order of the file. */
  index: number;
  /** In lower case; null = none is given. */
  name: string | null;
  from: From;
  instructions: readonly Instruction[];
}

export interface Stages {
  /** ARG above the first FROM. */
  metaArgs: Arg[];
  /** At least one. */
  stages: Stage[];
}

export function readStages(file: SourceFile, { nodes, escapeToken }: Nodes): Stages {
  const metaArgs: Arg[] = [];
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const node of nodes)
    locating(file, node.location, () => {
      const instruction = parseInstruction({ node, escapeToken });
      const current = stages.at(-1);
      if (instruction.kind === 'from') {
        const name = instruction.as?.name.toLowerCase() ?? null;
        stages.push({ index: stages.length, name, from: instruction, instructions: [] });
      } else if (current !== undefined) current.instructions.push(instruction);
      else if (instruction.kind === 'arg') metaArgs.push(instruction);
      else throw plainProblem('no build stage in current context');
    });
  refuseEmpty(file, nodes.length, stages.length);
  return { metaArgs, stages };
}

function refuseEmpty(file: SourceFile, nodes: number, stages: number): void {
  if (stages > 0) return;
  const lines = file.text.split('\n').length;
  locating(file, { start: lines, end: lines }, () => {
    if (file.text === '') throw plainProblem('the Dockerfile cannot be empty');
    throw plainProblem(nodes === 0 ? 'file with no instructions' : 'dockerfile contains no stages to build');
  });
}

/**
 * A trigger that an image or a stage carries (`OnBuild` of the config, `Onbuild.expression`), as an instruction of the stage
 * that is built from it. It is reported at `location`, that stage's FROM. The escape character is a backslash.
 */
export function parseTrigger(file: SourceFile, expression: string, location: Location): Instruction {
  return locating(file, location, () => {
    const { nodes, escapeToken } = parseNodes(expression);
    const [node] = nodes;
    if (node === undefined || nodes.length !== 1)
      throw plainProblem('onbuild trigger should be a single expression');
    const instruction = parseInstruction({ node: { ...node, location }, escapeToken });
    if (instruction.kind === 'from') throw plainProblem("FROM isn't allowed as an ONBUILD trigger");
    return instruction;
  });
}
