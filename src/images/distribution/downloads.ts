/** Blobs on their way from registries: each one once, however many pulls want it at the same time. */
import type { Blob, ContentStore } from '../../content/content.ts';
import type { Ingest } from '../../content/ingest.ts';
import { invalid, isKind, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import type { Repository } from '../../registry/client/model.ts';
import { Slots } from '../slots.ts';

export interface Watcher {
  signal: AbortSignal;
  /** Bytes that are here. */
  progress: (received: number) => void;
}

export class Downloads {
  readonly #running = new Map<string, Download>();
  readonly #slots: Slots;

  constructor(
    private readonly content: ContentStore,
    private readonly log: Log,
    maximum: number,
  ) {
    this.#slots = new Slots(maximum);
  }

  /** Joins the download of a blob, or begins it. It goes on while anybody wants it. */
  join(repository: Repository, blob: Blob, watcher: Watcher): Download {
    const running = this.#running.get(blob.digest);
    if (running !== undefined) {
      running.watch(watcher);
      return running;
    }
    const download = new Download((own) => this.#slots.run(() => this.#fetch(repository, blob, own)));
    this.#running.set(blob.digest, download);
    download.watch(watcher);
    download.begin(() => this.#running.delete(blob.digest));
    return download;
  }

  /** What an earlier attempt left may be wrong: then once more from the first byte. */
  async #fetch(repository: Repository, blob: Blob, download: DownloadControl): Promise<void> {
    try {
      await this.#attempt(repository, blob, download);
    } catch (error) {
      if (!(error instanceof WrongBeginning)) throw error;
      this.log('warn', `what was there of ${blob.digest} is of no use: ${error.message}`);
      await this.#attempt(repository, blob, download);
    }
  }

  async #attempt(repository: Repository, blob: Blob, download: DownloadControl): Promise<void> {
    download.signal.throwIfAborted();
    await using ingest = await this.content.resume(blob);
    const from = ingest.size;
    if (from < blob.size) await receive(repository, blob, ingest, download);
    try {
      await ingest.commit();
    } catch (error) {
      throw from > 0 && isKind(error, 'invalid') ? new WrongBeginning(messageOf(error)) : error;
    }
  }
}

class WrongBeginning extends Error {}

async function receive(
  repository: Repository,
  { digest, size }: Blob,
  ingest: Ingest,
  download: DownloadControl,
): Promise<void> {
  const options = { offset: ingest.size, size, signal: download.signal };
  const { offset, chunks } = await repository.blob(digest, options);
  if (offset !== ingest.size) {
    if (offset !== 0) throw invalid(`the registry answered from byte ${offset}, not ${ingest.size}`);
    await ingest.restart();
  }
  // Whoever reads along trusts the beginning: only what came from the registry just now is worth that.
  if (ingest.size === 0) download.arriving(ingest);
  for await (const chunk of chunks) {
    await ingest.write(chunk);
    download.progress(ingest.size);
  }
}

/** The side of a download that makes it. */
interface DownloadControl {
  readonly signal: AbortSignal;
  arriving(ingest: Ingest): void;
  progress(received: number): void;
}

/** The side of those who want it. */
export class Download {
  readonly #abort = new AbortController();
  readonly #watchers = new Set<Watcher>();
  readonly #begun = Promise.withResolvers<Ingest | null>();
  readonly #done = Promise.withResolvers<void>();

  constructor(private readonly run: (control: DownloadControl) => Promise<void>) {
    // Nobody may be waiting (any more).
    this.#done.promise.catch(() => undefined);
  }

  begin(ended: () => void): void {
    const control: DownloadControl = {
      signal: this.#abort.signal,
      arriving: (ingest) => this.#begun.resolve(ingest),
      progress: (received) => {
        for (const watcher of this.#watchers) watcher.progress(received);
      },
    };
    void this.run(control)
      .finally(() => {
        ended();
        this.#begun.resolve(null);
      })
      .then(this.#done.resolve, this.#done.reject);
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
    const leave = () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#abort.abort(watcher.signal.reason);
    };
    if (watcher.signal.aborted) leave();
    else watcher.signal.addEventListener('abort', leave, { once: true });
  }

  /**
   * The bytes as they arrive, from the first on; null when they can only be had once all is there (`done`). Ends when the blob is
   * verified.
   */
  async follow(): Promise<AsyncIterable<Uint8Array> | null> {
    const ingest = await this.#begun.promise;
    return ingest === null ? null : ingest.follow();
  }

  /** The blob is in the content store. */
  get done(): Promise<void> {
    return this.#done.promise;
  }
}
