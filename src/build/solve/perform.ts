/** One instruction of a stage: expanded, looked up, performed. */
import { messageOf } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { stepKey } from '../cache/key.ts';
import {
  type Dockerfile,
  type ExpandedInstruction,
  expandFor,
  type GlobalArgs,
  type Instruction,
  proxyVariables,
  type ResolvedStage,
  refusal,
  type Scope,
} from '../dockerfile/dockerfile.ts';
import type { BuildRequest } from '../model.ts';
import type { Step } from '../report.ts';
import { configure } from '../stage/configure.ts';
import { chainOf, idOf, type StageState, withDeed, withRunConfig } from '../stage/state.ts';
import { prepareRun } from '../steps/run.ts';
import { prepareDirectory, workingDirectory } from '../steps/workdir.ts';
import type { Copies } from './copies.ts';
import { argDeed, copyDeed, runDeed } from './deeds.ts';
import type { Numbering } from './numbering.ts';
import type { Outcome, Workshop } from './workshop.ts';

interface Made extends Outcome {
  state: StageState;
  createdBy: string;
}

const isConfiguration = (
  instruction: ExpandedInstruction,
): instruction is Exclude<ExpandedInstruction, { kind: 'run' | 'copy' | 'add' | 'workdir' }> =>
  !['run', 'copy', 'add', 'workdir'].includes(instruction.kind);

export class Performer {
  constructor(
    private readonly workshop: Workshop,
    private readonly dockerfile: Dockerfile,
    private readonly globals: GlobalArgs,
    private readonly request: BuildRequest,
    private readonly copies: Copies,
  ) {}

  /** What the stage has become behind it. */
  async perform(
    resolved: ResolvedStage,
    state: StageState,
    scope: Scope,
    instruction: Instruction,
    numbering: Numbering,
  ): Promise<StageState> {
    const step = this.workshop.reporter.begin(numbering.instruction(resolved.stage, instruction));
    try {
      const { next, cached } = await this.#act(resolved, state, scope, instruction, step);
      step.end({ kind: cached ? 'cached' : 'done', image: idOf(next) });
      return next;
    } catch (error) {
      const told = located(this.dockerfile, instruction, error);
      step.end({ kind: 'failed', error: messageOf(told) });
      throw told;
    }
  }

  async #act(
    resolved: ResolvedStage,
    state: StageState,
    scope: Scope,
    instruction: Instruction,
    step: Step,
  ): Promise<{ next: StageState; cached: boolean }> {
    if (instruction.kind === 'arg') {
      const { values } = scope.declareArgs(this.dockerfile, instruction, this.globals);
      return this.#configured(resolved, state, state, argDeed(values), instruction);
    }
    const { instruction: expanded } = expandFor(this.dockerfile, instruction, scope);
    if (expanded.kind === 'env') scope.setEnv(expanded.pairs);
    if (isConfiguration(expanded)) {
      const { state: next, createdBy } = configure(state, expanded);
      return this.#configured(resolved, state, next, createdBy, expanded);
    }
    const made = await this.#make(resolved, state, scope, expanded, step);
    const { created, createdBy, cached } = made;
    return { next: withDeed(made.state, { created, createdBy }, made.layer), cached };
  }

  /** Remembered like any other step, so that the same build leads to the same image: the time of its first time. */
  async #configured(
    resolved: ResolvedStage,
    before: StageState,
    next: StageState,
    createdBy: string,
    { source }: Pick<Instruction, 'source'>,
  ): Promise<{ next: StageState; cached: boolean }> {
    const { created, cached } = await this.workshop.layer({
      key: stepKey('config', chainOf(before), [JSON.stringify(next.config), createdBy]),
      title: source,
      state: before,
      useCache: this.#usesCache(resolved),
      perform: async () => null,
    });
    return { next: withDeed(next, { created, createdBy }, null), cached };
  }

  /** Instructions that may change files. */
  async #make(
    resolved: ResolvedStage,
    state: StageState,
    scope: Scope,
    instruction: Extract<ExpandedInstruction, { kind: 'run' | 'copy' | 'add' | 'workdir' }>,
    step: Step,
  ): Promise<Made> {
    const { workshop } = this;
    const useCache = this.#usesCache(resolved);
    const title = instruction.source;
    switch (instruction.kind) {
      case 'workdir': {
        const path = workingDirectory(state, instruction.path);
        const made = await prepareDirectory(workshop.parts, state, path, workshop.signal);
        const next = withRunConfig(state, { WorkingDir: path });
        const deed = { state: next, createdBy: `WORKDIR ${path}` };
        const key = stepKey('config', chainOf(state), ['workdir', path, JSON.stringify(state.config)]);
        const wanted = made ?? { key, perform: async () => null };
        return { ...deed, ...(await workshop.layer({ ...wanted, title, state, useCache })) };
      }
      case 'run': {
        const prepared = await prepareRun(workshop.parts, state, {
          instruction,
          variables: scope.variables,
          proxies: proxyVariables(this.globals.buildArgs),
          network: this.request.network,
          limits: this.request.limits,
          allow: this.request.allow,
          needs: {
            caches: workshop.caches,
            secrets: this.request.secrets,
            agents: workshop.agents,
            signal: workshop.signal,
            source: (from) => this.copies.source(from, 'mount'),
          },
        });
        const perform = (newest: number | null, op: Operational) =>
          prepared.perform(step, newest, (work) => workshop.turn(work), op);
        const layer = await workshop.layer({ key: prepared.key, perform, title, state, useCache });
        return { state, createdBy: runDeed(state, instruction, scope), ...layer };
      }
      case 'copy':
      case 'add': {
        await using stack = new AsyncDisposableStack();
        const prepared = await this.copies.prepare(state, instruction, stack);
        const layer = await workshop.layer({ ...prepared, title, state, useCache });
        return { state, createdBy: copyDeed(instruction), ...layer };
      }
      default:
        return instruction satisfies never;
    }
  }

  #usesCache({ stage }: ResolvedStage): boolean {
    const { noCache } = this.request;
    if (typeof noCache === 'boolean') return !noCache;
    return !noCache.some((name) => name.toLowerCase() === stage.name || name === String(stage.index));
  }
}

/** What is wrong with an instruction is told with its place in the file. */
const located = (dockerfile: Dockerfile, { location }: Instruction, error: unknown): unknown => {
  const told =
    error instanceof Error && 'kind' in error && error.kind === 'invalid' && error.name === 'EngineError';
  return told ? refusal(dockerfile, location, messageOf(error)) : error;
};
