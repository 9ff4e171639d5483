/** Builds that do what the context's Dockerfile is named for: they say what was asked, and report canned events. */

import type { Duplex } from 'node:stream';
import { parseDockerfile } from '../../src/build/dockerfile/dockerfile.ts';
import { StepFailed } from '../../src/build/failure.ts';
import type {
  BuildEvent,
  BuildRequest,
  Builds,
  CachePruning,
  CacheRecord,
  ContextEntry,
} from '../../src/build/model.ts';
import { notFound } from '../../src/lib/errors.ts';
import { parseDigest } from '../../src/lib/ids.ts';

export const builtImage = parseDigest(`sha256:${'b1'.repeat(32)}`);
const baseImage = parseDigest(`sha256:${'ba'.repeat(32)}`);
const container = 'c0'.repeat(32);

const record: CacheRecord = {
  id: 'd1'.repeat(32),
  kind: 'step',
  description: '[2/2] RUN make',
  size: 1000,
  inUse: true,
  shared: false,
  created: Date.parse('2024-01-02T03:04:05Z'),
  used: Date.parse('2024-01-03T03:04:05Z'),
  uses: 2,
};

/** The events of a build of two steps. */
function* events(fails: boolean): Generator<BuildEvent> {
  const step = (id: number, instruction: string): BuildEvent => ({
    kind: 'step',
    id,
    step: { title: `[${id}/2] ${instruction}`, place: { number: id, total: 2, instruction } },
  });
  yield { kind: 'step', id: 3, step: { title: '[internal] load build context', place: null } };
  yield { kind: 'end', id: 3, outcome: { kind: 'done', image: null } };
  yield step(1, 'FROM busybox');
  yield { kind: 'end', id: 1, outcome: { kind: 'cached', image: baseImage } };
  yield step(2, 'RUN make');
  yield { kind: 'container', id: 2, container };
  yield { kind: 'output', id: 2, stream: 'stdout', bytes: Buffer.from('made\n') };
  yield { kind: 'output', id: 2, stream: 'stderr', bytes: Buffer.from('warned\n') };
  if (fails) yield { kind: 'end', id: 2, outcome: { kind: 'failed', error: 'exit code: 3' } };
  else yield { kind: 'end', id: 2, outcome: { kind: 'done', image: builtImage } };
}

export class FakeBuilds implements Builds {
  /** Latest last. */
  readonly requests: BuildRequest[] = [];
  readonly prunings: CachePruning[] = [];
  /** Bytes that contexts had. */
  received = 0;
  /** What was sent before a build. */
  readonly contexts = new Map<string, Buffer>();
  /** What the next builds do. */
  behaviour: 'succeed' | 'fail' | 'refuse' | 'hang' = 'succeed';
  aborted = false;

  addContext: Builds['addContext'] = async (archive) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) chunks.push(chunk);
    const id = `context-${this.contexts.size + 1}`;
    this.contexts.set(id, Buffer.concat(chunks));
    return id;
  };

  /** What was offered, by name. */
  readonly offers = new Map<string, readonly ContextEntry[]>();

  /** All is wanted but what has the stamp "known". */
  offerContext: Builds['offerContext'] = async ({ name, entries }) => {
    this.offers.set(name, entries);
    const id = `context-${this.contexts.size + 1}`;
    this.contexts.set(id, Buffer.alloc(0));
    return { id, wanted: entries.flatMap(({ stamp }, index) => (stamp === 'known' ? [] : [index])) };
  };

  knownContext: Builds['knownContext'] = (_name, digest) => (digest === 'known' ? 'context-known' : null);

  fillContext: Builds['fillContext'] = async (id, archive) => {
    if (!this.contexts.has(id)) throw notFound(`no such build context: ${id}`);
    this.contexts.set(id, Buffer.concat(await Array.fromAsync(archive)));
  };

  /** Connections that clients wait on, by session. */
  readonly agents = new Map<string, Duplex>();

  lendAgent: Builds['lendAgent'] = (session, connection) => {
    this.agents.set(session, connection);
  };

  build: Builds['build'] = async (request, report, op) => {
    this.requests.push(request);
    const { context } = request;
    if (context.kind === 'tar') await this.#take(context.archive);
    if (context.kind === 'added' && !this.contexts.has(context.id))
      throw notFound(`no such build context: ${context.id}`);
    if (this.behaviour === 'refuse') parseDockerfile('FROM busybox\nMISTAKE bar\n');
    for (const event of events(this.behaviour === 'fail')) report(event);
    if (this.behaviour === 'fail') throw new StepFailed('/bin/sh -c make', 3);
    if (this.behaviour === 'hang') {
      await new Promise((resolve) => op.signal.addEventListener('abort', resolve));
      this.aborted = true;
      op.signal.throwIfAborted();
    }
    return { id: builtImage, names: request.tags, caches: [] };
  };

  usage: Builds['usage'] = async () => [
    record,
    { ...record, id: 'd2'.repeat(32), kind: 'mount', inUse: false, shared: true, size: 500, used: 0 },
  ];

  prune: Builds['prune'] = async (what) => {
    this.prunings.push(what);
    return what.keep > 0 ? { removed: [], space: 0 } : { removed: [record.id], space: record.size };
  };

  async #take(archive: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of archive) this.received += chunk.length;
  }
}
