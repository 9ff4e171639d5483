/**
 * One build: its stages as promises that wait for each other, each step looked up in the cache by everything that its result
 * depends on, and performed only when nobody has done so before.
 */
import type { Layer } from '../../images/model.ts';
import { invalid, messageOf } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import type { Platform } from '../../oci/image.ts';
import {
  type Dockerfile,
  type ExpandedInstruction,
  expandFor,
  type GlobalArgs,
  type ImageTriggers,
  type Instruction,
  instructionsOf,
  neededStages,
  parseTrigger,
  proxyVariables,
  type ResolvedStage,
  refusal,
  resolveStages,
  Scope,
} from '../dockerfile/dockerfile.ts';
import type { BuildRequest } from '../model.ts';
import type { Step } from '../report.ts';
import { configure } from '../stage/configure.ts';
import { idOf, runConfigOf, type StageState, scratch, withDeed, withRunConfig } from '../stage/state.ts';
import { prepareRun } from '../steps/run.ts';
import { prepareDirectory, workingDirectory } from '../steps/workdir.ts';
import { Copies } from './copies.ts';
import { argDeed, copyDeed, runDeed } from './deeds.ts';
import { Numbering } from './numbering.ts';
import type { Workshop } from './workshop.ts';

/** A stage at its end, and what its variables are by then. */
export interface BuiltStage {
  state: StageState;
  scope: Scope;
}

export class Solve {
  readonly #stages = new Map<number, Promise<BuiltStage>>();
  readonly #resolved: ResolvedStage[];
  readonly #triggers = new Map<number, readonly Instruction[]>();
  readonly #copies: Copies;
  #numbering = new Numbering([], []);

  constructor(
    private readonly workshop: Workshop,
    private readonly dockerfile: Dockerfile,
    private readonly globals: GlobalArgs,
    private readonly request: BuildRequest,
    private readonly platform: Platform,
  ) {
    this.#resolved = resolveStages(dockerfile, globals);
    this.#copies = new Copies(workshop, dockerfile, platform, (index) => this.#stage(index));
  }

  /** The target stage's state. */
  async run(): Promise<StageState> {
    const target = this.request.target === '' ? null : this.request.target;
    const needed = await this.#loadBases(target);
    this.#numbering = new Numbering(
      needed.map((index) => this.#resolved[index] as ResolvedStage),
      needed.map((index) =>
        instructionsOf(this.dockerfile, this.#resolved[index] as ResolvedStage, this.#triggers),
      ),
    );
    const goal = needed.at(-1) ?? 0;
    const all = needed.map((index) => this.#stage(index));
    // Whatever fails first ends the others, and is what is told.
    try {
      await Promise.all(all);
    } catch (error) {
      this.workshop.abort(error);
      await Promise.allSettled(all);
      throw error;
    }
    return (await this.#stage(goal)).state;
  }

  /** Base images may carry ONBUILD triggers, which may need further stages. Returns the stages that are needed. */
  async #loadBases(target: string | null): Promise<number[]> {
    const loaded = new Set<number>();
    for (;;) {
      const needed = neededStages(this.dockerfile, this.#resolved, target, this.#triggers as ImageTriggers);
      const fresh = needed.filter((index) => !loaded.has(index));
      if (fresh.length === 0) return needed;
      await Promise.all(fresh.map((index) => this.#loadBase(index)));
      for (const index of fresh) loaded.add(index);
    }
  }

  async #loadBase(index: number): Promise<void> {
    const resolved = this.#resolved[index];
    if (resolved?.base.kind !== 'image') return;
    const { image } = await this.workshop.base(resolved.base.name, this.#platformOf(resolved));
    const { location } = resolved.stage.from;
    const triggers = image.config.config?.OnBuild ?? [];
    this.#triggers.set(
      index,
      triggers.map((expression) => parseTrigger(this.dockerfile, expression, location)),
    );
  }

  #platformOf = ({ platform }: ResolvedStage): Platform => platform ?? this.platform;

  #stage(index: number): Promise<BuiltStage> {
    const running = this.#stages.get(index) ?? this.#build(index);
    this.#stages.set(index, running);
    return running;
  }

  async #build(index: number): Promise<BuiltStage> {
    const resolved = this.#resolved[index];
    if (resolved === undefined) throw invalid(`invalid stage index ${index}`);
    let { state, scope } = await this.#begin(resolved);
    for (const instruction of instructionsOf(this.dockerfile, resolved, this.#triggers)) {
      this.workshop.signal.throwIfAborted();
      state = await this.#step(resolved, state, scope, instruction);
    }
    return { state, scope };
  }

  async #begin(resolved: ResolvedStage): Promise<BuiltStage> {
    const { base, stage } = resolved;
    const step = this.workshop.reporter.begin(this.#numbering.from(stage));
    try {
      const begun = await this.#baseOf(resolved);
      const image = begun.state.layers.length === 0 && base.kind === 'scratch' ? null : idOf(begun.state);
      step.end({ kind: 'done', image });
      return begun;
    } catch (error) {
      step.end({ kind: 'failed', error: messageOf(error) });
      throw error;
    }
  }

  async #baseOf(resolved: ResolvedStage): Promise<BuiltStage> {
    const { base } = resolved;
    if (base.kind === 'stage') {
      const { state, scope } = await this.#stage(base.index);
      // Its triggers are for this stage alone.
      return { state: { ...withoutTriggers(state), hasCommand: false }, scope: scope.fork() };
    }
    const platform = this.#platformOf(resolved);
    if (base.kind === 'scratch') return { state: scratch(platform), scope: Scope.ofImage([]) };
    const { parts } = await this.workshop.base(base.name, platform);
    const state: StageState = { ...parts, hasCommand: false };
    return { state: withoutTriggers(state), scope: Scope.ofImage(runConfigOf(state).Env ?? []) };
  }

  async #step(
    resolved: ResolvedStage,
    state: StageState,
    scope: Scope,
    instruction: Instruction,
  ): Promise<StageState> {
    const step = this.workshop.reporter.begin(this.#numbering.instruction(resolved.stage, instruction));
    try {
      const { next, cached } = await this.#perform(resolved, state, scope, instruction, step);
      step.end({ kind: cached ? 'cached' : 'done', image: idOf(next) });
      return next;
    } catch (error) {
      const told = located(this.dockerfile, instruction, error);
      step.end({ kind: 'failed', error: messageOf(told) });
      throw told;
    }
  }

  async #perform(
    resolved: ResolvedStage,
    state: StageState,
    scope: Scope,
    instruction: Instruction,
    step: Step,
  ): Promise<{ next: StageState; cached: boolean }> {
    const created = this.workshop.time();
    if (instruction.kind === 'arg') {
      const { values } = scope.declareArgs(this.dockerfile, instruction, this.globals);
      return { next: withDeed(state, { created, createdBy: argDeed(values) }, null), cached: false };
    }
    const { instruction: expanded } = expandFor(this.dockerfile, instruction, scope);
    if (expanded.kind === 'env') scope.setEnv(expanded.pairs);
    if (isConfiguration(expanded)) {
      const { state: next, createdBy } = configure(state, expanded);
      return { next: withDeed(next, { created, createdBy }, null), cached: false };
    }
    const made = await this.#make(resolved, state, scope, expanded, step);
    return {
      next: withDeed(made.state, { created, createdBy: made.createdBy }, made.layer),
      cached: made.cached,
    };
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
        if (made === null) return { ...deed, layer: null, cached: true };
        return { ...deed, ...(await workshop.layer({ ...made, title, state, useCache, step })) };
      }
      case 'run': {
        const prepared = await prepareRun(workshop.parts, state, {
          instruction,
          variables: scope.variables,
          proxies: proxyVariables(this.globals.buildArgs),
          network: this.request.network,
          limits: this.request.limits,
          needs: {
            caches: workshop.caches,
            secrets: this.request.secrets,
            signal: workshop.signal,
            source: (from) => this.#copies.mountSource(from),
          },
        });
        const perform = (newest: number | null, op: Operational) =>
          workshop.turn(() => prepared.perform(step, newest, op));
        const layer = await workshop.layer({ key: prepared.key, perform, title, state, useCache, step });
        return { state, createdBy: runDeed(state, instruction, scope), ...layer };
      }
      case 'copy':
      case 'add': {
        await using stack = new AsyncDisposableStack();
        const prepared = await this.#copies.prepare(state, instruction, stack);
        const layer = await workshop.layer({ ...prepared, title, state, useCache, step });
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

interface Made {
  state: StageState;
  createdBy: string;
  layer: Layer | null;
  cached: boolean;
}

const isConfiguration = (
  instruction: ExpandedInstruction,
): instruction is Exclude<ExpandedInstruction, { kind: 'run' | 'copy' | 'add' | 'workdir' }> =>
  !['run', 'copy', 'add', 'workdir'].includes(instruction.kind);

function withoutTriggers(state: StageState): StageState {
  const { OnBuild: _, ...config } = runConfigOf(state);
  return { ...state, config: { ...state.config, config } };
}

/** What is wrong with an instruction is told with its place in the file. */
const located = (dockerfile: Dockerfile, { location }: Instruction, error: unknown): unknown => {
  const told =
    error instanceof Error && 'kind' in error && error.kind === 'invalid' && error.name === 'EngineError';
  return told ? refusal(dockerfile, location, messageOf(error)) : error;
};
