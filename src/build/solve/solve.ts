/**
 * One build: its stages as promises that wait for each other, each step looked up in the cache by everything that its result
 * depends on, and performed only when nobody has done so before.
 */
import { invalid, messageOf } from '../../lib/errors.ts';
import type { ImageConfig, Platform } from '../../oci/image.ts';
import {
  type Dockerfile,
  type GlobalArgs,
  type ImageTriggers,
  type Instruction,
  instructionsOf,
  neededStages,
  parseTrigger,
  type ResolvedStage,
  resolveStages,
  Scope,
} from '../dockerfile/dockerfile.ts';
import type { BuildRequest } from '../model.ts';
import { idOf, runConfigOf, type StageState, scratch, withPath } from '../stage/state.ts';
import type { Known } from './check.ts';
import { Copies } from './copies.ts';
import { Numbering } from './numbering.ts';
import { Performer } from './perform.ts';
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
  /** Configs of base images, by the names that FROM gives them. */
  readonly #images = new Map<string, ImageConfig>();
  readonly #performer: Performer;
  #numbering = new Numbering([], [], []);

  constructor(
    private readonly workshop: Workshop,
    private readonly dockerfile: Dockerfile,
    globals: GlobalArgs,
    private readonly request: BuildRequest,
    private readonly platform: Platform,
    /** Before the first step. */
    private readonly check: (imageOf: Known['imageOf']) => Promise<void>,
  ) {
    this.#resolved = resolveStages(dockerfile, globals);
    const copies = new Copies(workshop, dockerfile, platform, (index) => this.#stage(index));
    this.#performer = new Performer(workshop, dockerfile, globals, request, copies);
  }

  /** The target stage's state. */
  async run(): Promise<StageState> {
    const target = this.request.target === '' ? null : this.request.target;
    const needed = await this.#loadBases(target);
    await this.check((name) => this.#images.get(name) ?? null);
    this.#numbering = new Numbering(
      this.dockerfile.metaArgs,
      needed.map((index) => this.#resolved[index] as ResolvedStage),
      needed.map((index) =>
        instructionsOf(this.dockerfile, this.#resolved[index] as ResolvedStage, this.#triggers),
      ),
    );
    this.#tellMetaArgs();
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

  #tellMetaArgs(): void {
    for (const arg of this.dockerfile.metaArgs)
      this.workshop.reporter.begin(this.#numbering.metaArg(arg)).end({ kind: 'done', image: null });
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
    this.#images.set(resolved.base.name, image.config);
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
      state = await this.#performer.perform(resolved, state, scope, instruction, this.#numbering);
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
    if (base.kind === 'scratch') return begun(scratch(platform, this.workshop.time()));
    const { parts } = await this.workshop.base(base.name, platform);
    const made = Date.parse(parts.config.created ?? '');
    const time = this.workshop.time(Number.isNaN(made) ? undefined : made);
    const depth = { layers: parts.layers.length, history: parts.config.history?.length ?? 0 };
    const state: StageState = { ...parts, hasCommand: false, base: depth, time };
    return begun(withoutTriggers(state));
  }
}

function begun(given: StageState): BuiltStage {
  const state = withPath(given);
  return { state, scope: Scope.ofImage(runConfigOf(state).Env ?? []) };
}

function withoutTriggers(state: StageState): StageState {
  const { OnBuild: _, ...config } = runConfigOf(state);
  return { ...state, config: { ...state.config, config } };
}
