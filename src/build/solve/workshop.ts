/** What the parts of one build share: its engine, its clock, its end, and the making of layers. */
import { availableParallelism } from 'node:os';
import type { Image, ImageParts, Layer } from '../../images/model.ts';
import { Slots } from '../../images/slots.ts';
import { invalid } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import type { Platform } from '../../oci/image.ts';
import type { Agents } from '../agents.ts';
import type { Passed } from '../cache/told.ts';
import type { NamedContexts } from '../context/named.ts';
import type { OpenContext } from '../context/open.ts';
import type { BuildParts } from '../parts.ts';
import type { Reporter } from '../report.ts';
import { chainOf, type StageState } from '../stage/state.ts';
import type { CacheDirectories } from '../steps/cache-directories.ts';
import type { Bases } from './bases.ts';

/** Processes of RUN at the same time, over all builds. */
const processes = new Slots(Math.max(2, availableParallelism()));

export interface LayerStep {
  key: string;
  title: string;
  /** What it stands on. */
  state: StageState;
  useCache: boolean;
  /** It was made on nothing (`--link`), and has to be put on what it stands on. */
  linked?: boolean;
  perform(newest: number | null, op: Operational): Promise<Layer | null>;
}

export interface Outcome {
  layer: Layer | null;
  cached: boolean;
  /** When it was made first, RFC 3339. */
  created: string;
}

export interface WorkshopOptions {
  parts: BuildParts;
  caches: CacheDirectories;
  agents: Agents;
  /** null: there is none. */
  context: OpenContext | null;
  /** By the name that stands for them. */
  named: NamedContexts;
  bases: Bases;
  reporter: Reporter;
  /** Seconds; see BuildRequest. */
  epoch: number | null;
  op: Operational;
}

export class Workshop {
  readonly parts: BuildParts;
  readonly caches: CacheDirectories;
  readonly agents: Agents;
  readonly context: OpenContext | null;
  readonly named: WorkshopOptions['named'];
  readonly reporter: Reporter;
  readonly op: Operational;
  readonly #bases: Bases;
  readonly #epoch: number | null;
  readonly #end = new AbortController();
  /** Every step that may have made a layer, as they ended. */
  readonly passed: Passed[] = [];

  constructor({ parts, caches, agents, context, named, bases, reporter, epoch, op }: WorkshopOptions) {
    this.parts = parts;
    this.caches = caches;
    this.agents = agents;
    this.context = context;
    this.named = named;
    this.reporter = reporter;
    this.#bases = bases;
    this.#epoch = epoch;
    this.op = { ...op, signal: AbortSignal.any([op.signal, this.#end.signal]) };
  }

  get signal(): AbortSignal {
    return this.op.signal;
  }

  /** Ends whatever is under way. */
  abort(reason: unknown): void {
    this.#end.abort(reason);
  }

  /** For the image, RFC 3339; `milliseconds` since 1970. */
  time(milliseconds = Date.now()): string {
    const newest = this.#epoch === null ? Number.POSITIVE_INFINITY : this.#epoch * 1000;
    return new Date(Math.min(milliseconds, newest)).toISOString();
  }

  /** An image by its name, or by the one that --build-context gave it. */
  base(name: string, platform: Platform): Promise<{ image: Image; parts: ImageParts }> {
    const named = this.named.find(name);
    if (named !== undefined && !('image' in named))
      throw invalid(`FROM ${name}: a build context of files cannot be built from, only copied from`);
    return this.#bases.load(named?.image ?? name, platform);
  }

  turn<T>(work: () => Promise<T>): Promise<T> {
    return processes.run(work);
  }

  /** What the step makes, or has made before. */
  async layer(wanted: LayerStep): Promise<Outcome> {
    const { cache } = this.parts;
    const { title, state, useCache } = wanted;
    const key = this.#epoch === null ? wanted.key : `${wanted.key}@${this.#epoch}`;
    const outcome = await cache.once(
      key,
      async () => {
        const found = useCache ? cache.find(key) : undefined;
        if (found !== undefined) return { ...found, cached: true };
        const layer = await wanted.perform(this.#epoch, this.op);
        return { ...cache.add(key, title, state.layers, layer), cached: false };
      },
      this.signal,
    );
    const stacked = async (made: Layer) =>
      wanted.linked ? this.parts.layering.restack(made, chainOf(state), this.op) : made;
    const layer = outcome.layer === null ? null : await stacked(outcome.layer);
    const layers = layer === null ? state.layers : [...state.layers, layer];
    this.passed.push({ key, title, layers, made: layer !== null });
    return { layer, cached: outcome.cached, created: this.time(outcome.created) };
  }
}
