/** The layers of one image: fetched, verified, decompressed and unpacked, all at once. */
import type { Blob } from '../../content/content.ts';
import { type Digest, shortId } from '../../lib/ids.ts';
import { type Operational, quiet } from '../../lib/op.ts';
import type { Repository } from '../../registry/client/model.ts';
import { chainIds } from '../chain.ts';
import type { Context } from '../context.ts';
import { type LayerBytes, type LayerSource, unpackLayers } from '../unpack.ts';
import type { Download, Downloads } from './downloads.ts';

export interface RemoteLayer extends Blob {
  diffId: Digest;
}

/** Milliseconds. */
const patience = 3000;
/** Bytes between two reports of progress. */
const progressStep = 512 << 10;

/**
 * Everything that was finished stays for a day when the rest fails (Leases). Returns how many layers were not here before.
 */
export async function fetchLayers(
  context: Context,
  downloads: Downloads,
  repository: Repository,
  layers: readonly RemoteLayer[],
  op: Operational,
): Promise<number> {
  const chain = chainIds(layers.map((layer) => layer.diffId));
  const fetch = new LayerFetch(context, downloads, repository, op);
  const sources = layers.map((layer, index) => fetch.source(layer, chain[index] ?? ''));
  try {
    await unpackLayers(context, sources, fetch.unpacking());
    // Layers that were unpacked already may lack their blob.
    await fetch.settled();
  } catch (error) {
    fetch.stop(error);
    await fetch.settled().catch(() => undefined);
    throw error;
  }
  return fetch.count;
}

class LayerFetch {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running: Promise<void>[] = [];
  readonly #extracting = new Set<string>();
  count = 0;

  constructor(
    private readonly context: Context,
    private readonly downloads: Downloads,
    private readonly repository: Repository,
    private readonly op: Operational,
  ) {
    this.#signal = AbortSignal.any([op.signal, this.#stop.signal]);
  }

  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** What is unpacked says so itself, in the words of a pull. */
  unpacking(): Operational {
    return quiet({ ...this.op, signal: this.#signal });
  }

  source(layer: RemoteLayer, chainId: string): LayerSource {
    const { content, snapshotter } = this.context;
    const unpacked = snapshotter.has(chainId);
    if (unpacked && content.has(layer.digest)) {
      this.#say(layer, 'Already exists');
      return layer;
    }
    this.count += 1;
    this.#say(layer, 'Pulling fs layer');
    const download = content.has(layer.digest) ? null : this.#download(layer);
    if (unpacked) {
      this.#track(layer, download, chainId);
      return layer;
    }
    return {
      ...layer,
      bytes: () => this.#bytes(layer, download),
      unpacked: () => {
        this.context.records.leases.take(chainId);
        this.#say(layer, 'Pull complete');
      },
      progress: (current) => {
        if (this.#extracting.has(layer.digest)) this.#say(layer, 'Extracting', current);
      },
    };
  }

  #download(layer: RemoteLayer): Download {
    let reported = 0;
    const progress = (received: number) => {
      if (received - reported < progressStep && received !== layer.size) return;
      reported = received;
      this.#say(layer, 'Downloading', received);
    };
    const download = this.downloads.join(this.repository, layer, { signal: this.#signal, progress });
    const kept = download.done.then(() => {
      this.context.records.leases.take(layer.digest);
      this.#say(layer, 'Download complete');
      this.#extracting.add(layer.digest);
    });
    // Whoever unpacks meets the same error; this only waits.
    kept.catch(() => undefined);
    this.#running.push(kept);
    return download;
  }

  #track(layer: RemoteLayer, download: Download | null, chainId: string): void {
    this.context.records.leases.take(chainId);
    this.#running.push((download?.done ?? Promise.resolve()).then(() => this.#say(layer, 'Pull complete')));
  }

  async #bytes(layer: RemoteLayer, download: Download | null): Promise<LayerBytes> {
    if (download === null) {
      this.#extracting.add(layer.digest);
      return { kind: 'stored' };
    }
    // A file costs less to unpack than a stream: only what takes its time is unpacked while it arrives.
    const quick = await Promise.race([download.done.then(() => true), Bun.sleep(patience).then(() => false)]);
    const chunks = quick ? null : await download.follow();
    if (chunks !== null) return { kind: 'arriving', chunks, complete: download.done };
    await download.done;
    return { kind: 'stored' };
  }

  #say({ digest, size }: Blob, status: string, current?: number): void {
    const progress = current === undefined ? {} : { current, total: size };
    this.op.progress({ kind: 'status', id: shortId(digest), status, ...progress });
  }
}
