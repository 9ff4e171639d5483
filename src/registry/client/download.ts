import { skip } from '../../lib/chunks.ts';
import { invalid } from '../../lib/errors.ts';
import type { Digest } from '../../lib/ids.ts';
import { brokenError, requestWords } from './connection-failure.ts';
import type { Answer } from './exchange.ts';
import { firstOf } from './first-of.ts';
import type { Host } from './host.ts';
import { contentRangeStart } from './ranges.ts';
import { refusedBy } from './registry-failure.ts';

export interface DownloadOptions {
  path: string;
  digest: Digest;
  /** Bytes of the whole blob. */
  size: number;
  scopes: readonly string[];
  signal: AbortSignal;
}

interface Source {
  host: Host;
  answer: Answer;
  /** The blob's byte that `answer` begins with. */
  start: number;
}

/** Bytes after which a new break is not the same trouble again. */
const progress = 1 << 20;

/** One blob on its way here, across broken connections and failing mirrors. */
export class Download {
  /** Those not given up yet. */
  #hosts: readonly Host[];

  constructor(
    hosts: readonly Host[],
    private readonly options: DownloadOptions,
  ) {
    this.#hosts = hosts;
  }

  /** `offset` of the answer is where its chunks begin: 0 when the host does not do ranges. */
  async start(offset: number): Promise<{ offset: number; chunks: AsyncIterable<Uint8Array> }> {
    const { size } = this.options;
    if (offset >= size) return { offset: size, chunks: none() };
    const source = await this.#open(offset, '');
    return { offset: source.start, chunks: this.#chunks(source) };
  }

  async *#chunks(first: Source): AsyncGenerator<Uint8Array> {
    const { size, signal } = this.options;
    let source = first;
    let position = source.start;
    let attempts = source.host.attempts(signal);
    for (;;) {
      const before = position;
      try {
        for await (const chunk of skip(source.answer.chunks(), position - source.start)) {
          position += chunk.byteLength;
          if (position > size)
            throw invalid(`${requestWords(source.answer)}: the blob has more than ${size} bytes`);
          yield chunk;
        }
        if (position === size) return;
        throw brokenError(source.answer);
      } catch (error) {
        if (position > size) throw error;
        if (position - before >= progress) attempts.reset();
        if (this.#pass(source.host)) {
          signal.throwIfAborted();
          source = await this.#open(position, '');
          attempts = source.host.attempts(signal);
          continue;
        }
        await attempts.next(error);
      }
      source = await this.#open(position, strongTag(source));
    }
  }

  /** Goes on with the next host for good; false when this was the last. */
  #pass(host: Host): boolean {
    const others = this.#hosts.slice(this.#hosts.indexOf(host) + 1);
    if (others.length === 0) return false;
    this.#hosts = others;
    return true;
  }

  #open(position: number, tag: string): Promise<Source> {
    const { signal } = this.options;
    return firstOf(this.#hosts, signal, async (host) => {
      const answer = await this.#ask(host, position, tag);
      return { host, answer, start: startOf(answer) ?? 0 };
    });
  }

  /** A host that does not find the range satisfiable, or answers with another one, is asked for all of it. */
  async #ask(host: Host, position: number, tag: string): Promise<Answer> {
    const { path, digest, scopes, signal } = this.options;
    const common = { method: 'GET', path: `${path}/blobs/${digest}`, scopes, signal } as const;
    if (position > 0) {
      const headers = { Range: `bytes=${position}-`, ...(tag !== '' && { 'If-Range': tag }) };
      const answer = await host.askOnce({ ...common, headers, also: [416] });
      if (answer.status !== 416 && (startOf(answer) ?? position + 1) <= position) return answer;
      answer.discard();
    }
    const whole = await host.askOnce({ ...common, also: [416] });
    if (whole.status === 416) throw await refusedBy(whole);
    if (startOf(whole) === 0) return whole;
    whole.discard();
    throw invalid(`${requestWords(whole)}: asked for the whole blob, got a part`);
  }
}

/** Null when a part comes without saying which. */
function startOf(answer: Answer): number | null {
  return answer.status === 206 ? contentRangeStart(answer.header('content-range')) : 0;
}

/** An ETag that promises the same bytes; a weak one does not. */
function strongTag({ answer }: Source): string {
  const tag = answer.header('etag');
  return tag.startsWith('"') ? tag : '';
}

async function* none(): AsyncGenerator<Uint8Array> {}
