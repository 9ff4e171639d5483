/** The build noun: from a Dockerfile and its context to an image. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../lib/database.ts';
import { invalid, notFound } from '../lib/errors.ts';
import type { Digest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import { familiarName, parseReference, withTag } from '../lib/reference.ts';
import { parsePlatform } from '../oci/platform.ts';
import { LentAgents } from './agents.ts';
import { exportCache } from './cache/export.ts';
import { importCaches } from './cache/import.ts';
import { pruneCache } from './cache/prune.ts';
import { StepCache } from './cache/store.ts';
import { cacheUsage } from './cache/usage.ts';
import { Contexts } from './context/contexts.ts';
import { dropIgnored, ignoreRulesOf } from './context/ignored.ts';
import { NamedContexts } from './context/named.ts';
import type { OpenContext } from './context/open.ts';
import { absolute } from './copy/sources.ts';
import { type Arg, type Dockerfile, globalArgs, parseDockerfile } from './dockerfile/dockerfile.ts';
import { nameOf } from './files/names.ts';
import { readInside } from './files/read.ts';
import type { BuildEvent, BuildRequest, BuildResult, Builds, CachePruning } from './model.ts';
import type { BuildParts } from './parts.ts';
import { Reporter } from './report.ts';
import { Bases } from './solve/bases.ts';
import { buildArguments, checkBuild, type Known } from './solve/check.ts';
import { finishImage } from './solve/finish.ts';
import { Solve } from './solve/solve.ts';
import { Workshop } from './solve/workshop.ts';
import { CacheDirectories } from './steps/cache-directories.ts';
import { squash } from './steps/squash.ts';
import { snapshotPrefix } from './steps/write-layer.ts';

/** Bytes of a Dockerfile. */
const dockerfileLimit = 1 << 20;

export interface BuildServiceOptions extends Omit<BuildParts, 'cache'> {
  db: Database;
}

export class BuildService implements Builds {
  readonly #parts: BuildParts;
  readonly #contexts: Contexts;
  readonly #caches: CacheDirectories;
  readonly #agents = new LentAgents();

  constructor({ db, ...parts }: BuildServiceOptions) {
    this.#parts = { ...parts, cache: new StepCache(db, parts.layering) };
    this.#contexts = new Contexts(join(parts.directory, 'contexts'), parts.log);
    this.#caches = new CacheDirectories(join(parts.directory, 'caches'));
  }

  /** Undoes what builds of a dead daemon left. */
  async open(): Promise<void> {
    const { directory, execDirectory, snapshotter } = this.#parts;
    rmSync(join(directory, 'scratch'), { recursive: true, force: true });
    rmSync(execDirectory, { recursive: true, force: true });
    for (const { key } of snapshotter.list())
      if (key.startsWith(snapshotPrefix)) await snapshotter.remove(key);
  }

  close = (): Promise<void> => this.#contexts.close();

  addContext: Builds['addContext'] = (archive, op) => this.#contexts.add(archive, op);
  offerContext: Builds['offerContext'] = (offered, op) => this.#contexts.kept.offer(offered, op);
  knownContext: Builds['knownContext'] = (name, digest) => this.#contexts.kept.known(name, digest);
  fillContext: Builds['fillContext'] = (id, archive, op) => this.#contexts.kept.fill(id, archive, op);

  lendAgent: Builds['lendAgent'] = (session, connection) => this.#agents.lend(session, connection);

  async build(
    request: BuildRequest,
    report: (event: BuildEvent) => void,
    op: Operational,
  ): Promise<BuildResult> {
    const reporter = new Reporter(report);
    await using _held = await this.#parts.layering.use();
    await using stack = new AsyncDisposableStack();
    const { session, ids } = request.agents;
    stack.defer(() => this.#agents.end(session));
    const context = stack.use(await this.#openContext(request, reporter, op));
    const named = await this.#openNamed(request, stack, op);
    const names = request.tags.map((tag) => familiarName(withTag(parseReference(tag))));
    const written = await this.#readDockerfile(request, context, op);
    const dockerfile = named.without(written);
    const globals = globalArgs(dockerfile, buildArguments(request));
    const bases = new Bases(this.#parts, request, reporter, op);
    await importCaches(this.#parts, request.cacheFrom, bases, reporter, op);
    const workshop = new Workshop({
      parts: this.#parts,
      caches: this.#caches,
      agents: this.#agents.of(session, ids),
      context,
      named,
      bases,
      reporter,
      epoch: request.epoch,
      op,
    });
    const ignores = () => this.#ignores(request, context, op);
    const check = (imageOf: Known['imageOf']) =>
      checkBuild(dockerfile, request, reporter, { imageOf, ignores });
    const platform = parsePlatform(request.platform);
    const solve = new Solve(workshop, dockerfile, globals, request, platform, check);
    const solved = await solve.run();
    const merge = () => squash(this.#parts, solved, request.epoch, op);
    const state = request.squash ? await reporter.around('[internal] squash', merge) : solved;
    await tellUnconsumed(dockerfile, request, reporter);
    const { passed } = workshop;
    const id: Digest = await finishImage(this.#parts, state, { request, names, passed }, op);
    const { config, layers } = solved;
    const { layering } = this.#parts;
    const { cacheTo } = request;
    const caches =
      cacheTo === null ? [] : await exportCache(layering, cacheTo, { config, layers, steps: passed }, op);
    return { id, names, caches };
  }

  /** One that was sent before has been told of by then. */
  #openContext(request: BuildRequest, reporter: Reporter, op: Operational): Promise<OpenContext> {
    const { context } = request;
    const open = () => this.#contexts.open(context, cannotChange(request), op);
    return context.kind === 'added' ? open() : reporter.around('[internal] load build context', open);
  }

  async #readDockerfile(request: BuildRequest, context: OpenContext, op: Operational): Promise<Dockerfile> {
    const { dockerfile } = request;
    if ('text' in dockerfile) return parseDockerfile(dockerfile.text, { filename: dockerfile.name });
    if (context.dockerfile !== null) return parseDockerfile(context.dockerfile);
    const path = nameOf(absolute(dockerfile.path || 'Dockerfile'));
    const text = await readInside(context.path, path, dockerfileLimit, op.signal);
    if (text === null)
      throw notFound(`Cannot locate specified Dockerfile: ${dockerfile.path || 'Dockerfile'}`);
    if (!context.isFiltered) await dropIgnored(context.path, path, op.signal);
    return parseDockerfile(text.toString(), { filename: path.slice(path.lastIndexOf('/') + 1) });
  }

  async #ignores(request: BuildRequest, context: OpenContext, op: Operational) {
    const path = 'path' in request.dockerfile ? request.dockerfile.path : request.dockerfile.name;
    const rules = await ignoreRulesOf(context.path, nameOf(absolute(path)), op.signal);
    return rules === null || rules.exceptions.length > 0 ? null : rules.ignores;
  }

  async #openNamed(
    request: BuildRequest,
    stack: AsyncDisposableStack,
    op: Operational,
  ): Promise<NamedContexts> {
    const named = new NamedContexts();
    for (const [name, source] of request.contexts) {
      if (name === '') throw invalid('a build context needs a name');
      if (source.kind === 'image') named.add(name, { image: source.name });
      else named.add(name, stack.use(await this.#contexts.open(source, cannotChange(request), op)));
    }
    return named;
  }

  usage: Builds['usage'] = async () => cacheUsage(this.#parts, this.#caches, this.#contexts.kept);

  prune = (what: CachePruning) => pruneCache(this.#parts, this.#caches, this.#contexts.kept, what);
}

/** A context that is mounted in a container is read-only there, which root with all capabilities can undo. */
const cannotChange = ({ allow }: BuildRequest): boolean => !allow.has('security.insecure');

/** Docker's warning of --build-arg that no ARG asks for. */
async function tellUnconsumed(
  { metaArgs, stages }: Dockerfile,
  { args }: Pick<BuildRequest, 'args'>,
  reporter: Reporter,
): Promise<void> {
  const inStages = stages.flatMap(({ instructions }) =>
    instructions.filter(({ kind }) => kind === 'arg'),
  ) as Arg[];
  const declared = new Set(
    [...metaArgs, ...inStages].flatMap(({ declarations }) => declarations.map(({ name }) => name)),
  );
  const unused = [...args.keys()].filter((name) => !declared.has(name) && !isPredefined(name));
  if (unused.length === 0) return;
  const bytes = Buffer.from(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
  await reporter.around('[internal] build arguments', async (step) => step.output('stderr', bytes));
}

/** Of proxies and of BuildKit. */
const isPredefined = (name: string): boolean =>
  /^(https?|ftp|no|all)_proxy$/i.test(name) || /^(BUILDKIT_|SOURCE_DATE_EPOCH$)/.test(name);
