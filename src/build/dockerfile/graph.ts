/** Which stages need which. */
import type { Dockerfile } from './dockerfile.ts';
import { locate, locating, plainProblem } from './error.ts';
import type { Instruction } from './instructions/model.ts';
import type { UnexpandedMount } from './instructions/mount-model.ts';
import { type Base, baseOf, type ResolvedStage } from './resolve.ts';
import { expand } from './shell/lexer.ts';
import { parseTrigger, type Stage } from './stages.ts';
import { didYouMean } from './suggest.ts';
import { quote } from './text.ts';

/** Instructions that base images carry (`parseTrigger` of each of their `OnBuild`), by the index of the stage built from them. */
export type ImageTriggers = ReadonlyMap<number, readonly Instruction[]>;

const noTriggers: ImageTriggers = new Map();

/** The last stage of that name; null = none. */
function findStage({ stages }: Dockerfile, name: string): Stage | null {
  const lower = name.toLowerCase();
  return stages.findLast((stage) => stage.name === lower) ?? null;
}

/**
 * What `--from=` means: a stage by name (in any casing), scratch, or an image; for COPY a number is a stage's, too. Throws for a number
 * that no stage has.
 */
export function referenceOf(dockerfile: Dockerfile, from: string, of: 'copy' | 'mount'): Base {
  if (of === 'copy' && /^[+-]?\d+$/.test(from)) {
    const index = Number(from);
    if (index < 0 || index >= dockerfile.stages.length || Object.is(index, -0))
      throw plainProblem(`invalid stage index ${index}`, from);
    return { kind: 'stage', index };
  }
  return baseOf(from, findStage(dockerfile, from)?.index);
}

/** What runs in a stage: the triggers of its base (an image's, or the ONBUILDs of the base stage), then its own. */
export function instructionsOf(
  dockerfile: Dockerfile,
  { stage, base }: ResolvedStage,
  imageTriggers: ImageTriggers = noTriggers,
): Instruction[] {
  const below = base.kind === 'stage' ? (dockerfile.stages[base.index]?.instructions ?? []) : [];
  const triggers = below
    .filter((instruction) => instruction.kind === 'onbuild')
    .map(({ expression }) => parseTrigger(dockerfile, expression, stage.from.location));
  return [...(imageTriggers.get(stage.index) ?? []), ...triggers, ...stage.instructions];
}

/** A `--from` of an instruction, with what to say if its stage comes too late. */
interface Use {
  instruction: Instruction;
  from: string;
  /** Of a mount, as written. */
  target: string;
  index: number;
}

function usesOf(dockerfile: Dockerfile, instruction: Instruction): Use[] {
  if (instruction.kind !== 'copy' && instruction.kind !== 'run') return [];
  const { kind } = instruction;
  const froms =
    kind === 'copy'
      ? [{ from: instruction.from, target: '' }]
      : instruction.mounts.map((mount) => ({ from: mount.from, target: targetOf(mount) }));
  return locating(dockerfile, instruction.location, () =>
    froms.flatMap(({ from, target }) => {
      if (from === null) return [];
      if (kind === 'copy') refuseVariable(dockerfile, from);
      const reference = referenceOf(dockerfile, from, kind === 'copy' ? 'copy' : 'mount');
      return reference.kind === 'stage' ? [{ instruction, from, target, index: reference.index }] : [];
    }),
  );
}

const targetOf = ({ fields }: UnexpandedMount): string =>
  fields.flatMap((field) => /^(?:target|dst|destination)=(.*)$/i.exec(field)?.[1] ?? []).at(-1) ?? '';

function refuseVariable({ escapeToken }: Dockerfile, from: string): void {
  if (expand(from, new Map(), { escapeToken }).text !== from)
    throw plainProblem(
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      '--from',
    );
}

/**
 * The indexes of the stages that `target` (a name or number; null = the last stage) is made of, itself last, each behind
 * those it needs. Throws DockerfileError for an unknown target, for stages that need each other, and for one that is used
 * before it is defined.
 */
export function neededStages(
  dockerfile: Dockerfile,
  resolved: readonly ResolvedStage[],
  target: string | null,
  imageTriggers: ImageTriggers = noTriggers,
): number[] {
  const goal = findTarget(dockerfile, target);
  refuseManyTriggers(dockerfile, resolved);
  const uses = resolved.map((stage) =>
    instructionsOf(dockerfile, stage, imageTriggers).flatMap((instruction) =>
      usesOf(dockerfile, instruction),
    ),
  );
  refuseCycle(dockerfile, uses);
  const needed = reach(goal, resolved, uses);
  for (const index of needed)
    for (const use of uses[index] ?? []) if (use.index >= index) throw tooLate(dockerfile, use, index);
  return [...needed].sort((a, b) => a - b);
}

/** Of all stages together. Every stage that is built from one runs all of its triggers: a hostile file could make millions. */
const triggerLimit = 20_000;

function refuseManyTriggers(dockerfile: Dockerfile, resolved: readonly ResolvedStage[]): void {
  const counts = dockerfile.stages.map(
    ({ instructions }) => instructions.filter(({ kind }) => kind === 'onbuild').length,
  );
  let total = 0;
  for (const { base, stage } of resolved) {
    total += base.kind === 'stage' ? (counts[base.index] ?? 0) : 0;
    if (total > triggerLimit)
      throw locate(plainProblem('too many ONBUILD instructions'), dockerfile, stage.from.location);
  }
}

function findTarget(dockerfile: Dockerfile, target: string | null): number {
  const { stages } = dockerfile;
  if (target === null) return stages.length - 1;
  const named = findStage(dockerfile, target)?.index;
  const numbered = /^\d+$/.test(target) && Number(target) < stages.length ? Number(target) : undefined;
  const index = named ?? numbered;
  if (index !== undefined) return index;
  const known = stages.map((stage) => stageLabel(dockerfile, stage.index));
  const end = dockerfile.text.split('\n').length;
  throw locate(
    plainProblem(`target stage ${quote(target)} could not be found${didYouMean(target, known)}`),
    dockerfile,
    { start: end, end },
  );
}

function reach(goal: number, resolved: readonly ResolvedStage[], uses: readonly Use[][]): Set<number> {
  const reached = new Set([goal]);
  // A set visits what is added while it is walked.
  for (const index of reached) {
    const base = resolved[index]?.base;
    if (base?.kind === 'stage') reached.add(base.index);
    for (const use of uses[index] ?? []) reached.add(use.index);
  }
  return reached;
}

type Needs = Map<number, Set<number>>;

/** Stages that need nothing are taken away until none is left; what stays runs in circles, or needs what does. */
function entangled(uses: readonly Use[][]): Needs {
  const needs: Needs = new Map(uses.map((list, index) => [index, new Set(list.map((use) => use.index))]));
  const users = new Map<number, number[]>(uses.map((_, index) => [index, []]));
  for (const [user, needed] of needs) for (const index of needed) users.get(index)?.push(user);
  const free = [...needs.keys()].filter((index) => needs.get(index)?.size === 0);
  for (let index = free.pop(); index !== undefined; index = free.pop()) {
    needs.delete(index);
    for (const user of users.get(index) ?? []) {
      needs.get(user)?.delete(index);
      if (needs.get(user)?.size === 0) free.push(user);
    }
  }
  return needs;
}

function refuseCycle(dockerfile: Dockerfile, uses: readonly Use[][]): void {
  const needs = entangled(uses);
  const following = (index: number) => needs.get(index)?.values().next().value;
  const seen = new Set<number>();
  let index = needs.keys().next().value;
  for (; index !== undefined && !seen.has(index); index = following(index)) seen.add(index);
  if (index === undefined) return;
  const next = following(index);
  const use = uses[index]?.find((candidate) => candidate.index === next);
  const location = use?.instruction.location ?? { start: 1, end: 1 };
  const name = stageLabel(dockerfile, index);
  throw locate(plainProblem(`circular dependency detected on stage: ${name}`), dockerfile, location);
}

/** What messages call a stage. */
function stageLabel({ stages }: Dockerfile, index: number): string {
  return stages[index]?.name ?? `stage-${index}`;
}

function tooLate(dockerfile: Dockerfile, { instruction, from, target }: Use, index: number): unknown {
  const name = stageLabel(dockerfile, index);
  const text =
    instruction.kind === 'copy'
      ? `cannot copy from stage ${quote(from)}, it needs to be defined before current stage ${quote(name)}`
      : `cannot mount from stage ${quote(from)} to ${quote(target)}, stage needs to be defined before current command`;
  return locate(plainProblem(text, from), dockerfile, instruction.location);
}
