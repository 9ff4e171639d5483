/** A build from the command line: files there, image here, and everything shown on the way. */
import { rmSync } from 'node:fs';
import type { BuildBody, BuildErrorJson, BuildLine, ContextJson } from '../../api/types/builds.ts';
import type { ImageSummary } from '../../api/types/images.ts';
import { parseReference } from '../../lib/reference.ts';
import type { Invocation } from '../command.ts';
import { registryConfig } from '../credentials/registry-config.ts';
import { ExitError, exitCode } from '../exit.ts';
import type { Client } from '../http/client.ts';
import { describeEndpoint } from '../http/endpoint.ts';
import { jsonLines } from '../stream/json-lines.ts';
import { writeLine } from '../terminal/output.ts';
import { bodyOf } from './body.ts';
import { cacheOptions } from './cache-options.ts';
import { exportCaches, forget, hold, openCaches } from './caches.ts';
import { parseNamedContext, sendFiles } from './contexts.ts';
import { checkOutputs, deliver, writeReports } from './deliver.ts';
import type { Finished } from './display/view.ts';
import { type Outputs, parseOutputs } from './outputs.ts';
import { refuseUnserved } from './refusals.ts';
import { modeOf, Shown } from './shown.ts';
import { Signals } from './signals.ts';
import { type Source, sourceOf } from './source.ts';
import { lendAgents } from './ssh/lend.ts';
import { parseAgents } from './ssh/options.ts';

export async function runBuild(invocation: Invocation): Promise<number> {
  const wanted = await understand(invocation);
  using signals = new Signals(invocation.client);
  try {
    const code = await perform(invocation, wanted, signals);
    return signals.code ?? code;
  } catch (error) {
    throw signals.code === null ? error : new ExitError('', signals.code);
  }
}

type Wanted = Awaited<ReturnType<typeof understand>>;

/** What is asked for, before anything is done for it. */
async function understand(invocation: Invocation) {
  const { flags, args, client } = invocation;
  refuseUnserved(flags);
  const outputs = parseOutputs(flags);
  const tags = [...flags.list('tag'), ...outputs.names];
  for (const tag of tags) parseReference(tag);
  checkOutputs(outputs, tags);
  return {
    outputs,
    body: bodyOf(flags, outputs, await invocation.config(), describeEndpoint(client.endpoint)),
    mode: modeOf(flags),
    cache: cacheOptions(flags),
    agents: parseAgents(flags.list('ssh')),
    source: await sourceOf(args[0] ?? '', flags.string('file')),
  };
}

async function perform(invocation: Invocation, wanted: Wanted, signals: Signals): Promise<number> {
  const { flags, client } = invocation;
  const { outputs, body, mode, cache, agents, source } = wanted;
  // Whoever finds it afterwards shall find this build's.
  if (flags.changed('iidfile')) rmSync(flags.string('iidfile'), { force: true });
  await using stack = new AsyncDisposableStack();
  const before = await imagesBefore(client, outputs, body.Tags ?? []);
  const caches = stack.use(await openCaches(client, cache.from));
  const lent = stack.use(await lendAgents(client, agents));
  const shown = stack.use(await Shown.open(mode, flags.bool('debug')));
  const contexts = await send(invocation, source, shown);
  signals.check();
  const request = { ...body, ...contexts, ...lent.body, CacheFrom: caches.names };
  const built = await build(invocation, request, shown);
  if (before !== null && !before.has(built.image)) stack.defer(() => forget(client, built.image));
  stack.use(
    await hold(
      client,
      built.caches.map(({ image }) => image),
    ),
  );
  writeReports({ id: flags.string('iidfile'), metadata: flags.string('metadata-file') }, built);
  const quiet = mode === 'quiet' || mode === 'rawjson';
  for (const output of outputs.list) {
    signals.check();
    await deliver(invocation, output, built, quiet);
  }
  await exportCaches(invocation, built, cache, { quiet, signals });
  if (mode === 'quiet') writeLine(built.image);
  return exitCode.success;
}

/** Who wants only files does not want an image left over, unless it was here already. null: it stays in any case. */
async function imagesBefore(
  client: Client,
  outputs: Outputs,
  tags: readonly string[],
): Promise<Set<string> | null> {
  if (outputs.keepsImage || tags.length > 0) return null;
  const images = await client.json<ImageSummary[]>('GET', '/images/json', { query: { all: true } });
  return new Set(images.map(({ Id }) => Id));
}

async function send(
  { flags, client }: Invocation,
  { files, dockerfile }: Source,
  shown: Shown,
): Promise<Pick<BuildBody, 'Context' | 'Dockerfile' | 'Contexts'>> {
  const named = flags.list('build-context').map(parseNamedContext);
  const transfer = async (title: string, from: Source['files'], path: string | null): Promise<ContextJson> =>
    from.kind === 'url'
      ? { Url: from.url }
      : shown.around(title, 'transferring context:', (moved) => sendFiles(client, from, path, moved));
  const path = dockerfile.kind === 'here' ? dockerfile.path : null;
  const Contexts: NonNullable<BuildBody['Contexts']> = {};
  for (const { name, value } of named)
    Contexts[name] =
      value.kind === 'image'
        ? { Image: value.name }
        : await transfer(`[context ${name}] load from client`, value.files, null);
  return {
    Context: await transfer('[internal] load build context', files, path),
    Dockerfile:
      dockerfile.kind === 'here'
        ? { Text: dockerfile.text, Name: dockerfile.name }
        : { Path: dockerfile.path },
    Contexts,
  };
}

async function build(
  { client, configDirectory }: Invocation,
  body: BuildBody,
  shown: Shown,
): Promise<Finished> {
  const { body: lines } = await client.request('POST', '/gantry/build', {
    body: { json: body },
    headers: await registryConfig(configDirectory),
  });
  /** The daemon's clock may be another; its first line is of now. */
  let skew: number | null = null;
  for await (const line of jsonLines<BuildLine>(lines)) {
    skew ??= Date.now() - line.time;
    if (line.kind === 'result') {
      const { image, names, caches } = line;
      const built = { image, names, caches };
      shown.finish(built);
      return built;
    }
    if (line.kind === 'error') {
      shown.fail();
      throw new ExitError(errorText(line));
    }
    shown.report({ ...line, time: line.time + skew });
  }
  throw new ExitError('ERROR: the daemon ended the build without a word');
}

/** The lines of the Dockerfile come first, as with BuildKit. */
function errorText({ message, dockerfile }: BuildErrorJson): string {
  const excerpt = dockerfile === undefined ? '' : dockerfile.excerpt;
  return `${excerpt}ERROR: failed to build: ${message}`;
}
