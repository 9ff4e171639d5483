import type { ContentStore } from '../content/content.ts';
import type { Database } from '../lib/database.ts';
import { invalid, notFound } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { Digest } from '../lib/ids.ts';
import type { Log, Operational } from '../lib/op.ts';
import { familiarName, parseReference, withTag } from '../lib/reference.ts';
import type { ImageConfig } from '../oci/image.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import { adoptImage } from './adopt.ts';
import { Collector } from './collector.ts';
import { commitImage } from './commit.ts';
import type { Context, ImageUser } from './context.ts';
import { findImage, locateImage, storedReference } from './find.ts';
import { imageHistory } from './history.ts';
import { type ImportOptions, importArchive } from './import.ts';
import { ImageLayering } from './layering.ts';
import { type LoadOptions, loadArchive } from './load.ts';
import { writeImage } from './manifest.ts';
import type { CommitRequest, HistoryEntry, Image, Images, Layering } from './model.ts';
import { pruneImages } from './prune.ts';
import { ImageRecords } from './records.ts';
import { type Removed, type RemoveOptions, removeImage } from './remove.ts';
import { saveImages } from './save.ts';
import { ThinBlobs } from './thin/blobs.ts';
import { ThinRecords } from './thin/records.ts';
import { ThinWorker } from './thin/worker.ts';

export type { ImageUser } from './context.ts';

export interface ImageStoreOptions {
  db: Database;
  content: ContentStore;
  snapshotter: Snapshotter;
  emit: Emit;
  inUse: (imageId: Digest) => ImageUser[];
  log: Log;
  /** Keep plain layers once, as the snapshot (docs/decisions/0011-space.md). Those that are kept so stay. */
  thinLayers: boolean;
  /** Called when nobody makes an image any more and what can be kept once is. */
  settled?: () => void;
}

/**
 * The images of this machine. An image's id is the digest of its config (docs/decisions: it is the same however the
 * layers are compressed or carried, so it survives save, load and push, as scripts expect of Docker).
 */
export class ImageStore implements Images {
  /** What the operations on images share: for distribution/, and for those that look after the whole data root. */
  readonly context: Context;
  readonly layering: Layering;
  readonly #worker: ThinWorker;

  constructor(options: ImageStoreOptions) {
    const records = new ImageRecords(options.db);
    const thin = new ThinBlobs(new ThinRecords(options.db), options.snapshotter, options.content.directory);
    options.content.derive(thin);
    const settled = options.settled ?? (() => {});
    const wake = () => (options.thinLayers ? this.#worker.wake() : settled());
    const collector = new Collector(options.content, options.snapshotter, records, thin.records, wake);
    this.#worker = new ThinWorker({ ...options, records, collector, thin, settled });
    this.context = {
      ...options,
      records,
      collector,
      thin,
      emitImage: (action, id, name) => {
        const labels = records.get(id)?.config.config?.Labels ?? {};
        options.emit({ type: 'image', action, id, attributes: { ...labels, name } });
      },
    };
    this.layering = new ImageLayering(this.context);
    // What a killed daemon was loading.
    collector.collect().catch((error: unknown) => {
      options.log('warn', 'images: cleaning up after the last run failed', { error: String(error) });
    });
    wake();
  }

  /** Ends what goes on in the background. */
  async close(): Promise<void> {
    await this.#worker.close();
  }

  async get(ref: string): Promise<Image> {
    return this.#image(findImage(this.context.records, ref));
  }

  /** The id that a name has, or null. */
  lookup(name: string): Digest | null {
    return this.context.records.names.find(storedReference(parseReference(name)))?.image ?? null;
  }

  #image(id: Digest): Image {
    const image = this.context.records.get(id);
    if (image === null) throw notFound(`No such image: ${id}`);
    return image;
  }

  async list(): Promise<Image[]> {
    return this.context.records.all();
  }

  async history(ref: string): Promise<HistoryEntry[]> {
    const image = await this.get(ref);
    const sizes = this.context.records.layers(image.id).map((layer) => layer.size);
    return imageHistory(image.id, image.config, sizes, image.tags);
  }

  async tag(ref: string, target: string): Promise<void> {
    const name = parseReference(target);
    if (name.digest !== null) throw invalid('refusing to create a tag with a digest reference');
    const full = withTag(name);
    const located = locateImage(this.context.records, ref);
    this.context.records.refer(storedReference(full), located);
    this.context.emitImage('tag', located.image, familiarName(full));
  }

  async pin(ref: string, pinned: boolean): Promise<void> {
    this.context.records.pin(findImage(this.context.records, ref), pinned);
  }

  async remove(ref: string, options: RemoveOptions): Promise<Removed> {
    return removeImage(this.context, ref, options);
  }

  async prune(filters: ReadonlyMap<string, readonly string[]>): Promise<Removed & { space: number }> {
    return pruneImages(this.context, filters);
  }

  async load(archive: ReadableStream<Uint8Array>, options: LoadOptions, op: Operational): Promise<void> {
    return loadArchive(this.context, archive, options, op);
  }

  async save(
    refs: string[],
    options: { platform: string },
    op: Operational,
  ): Promise<ReadableStream<Uint8Array>> {
    return saveImages(this.context, refs, options, op);
  }

  async import(
    archive: ReadableStream<Uint8Array>,
    options: ImportOptions,
    op: Operational,
  ): Promise<Digest> {
    return importArchive(this.context, archive, options, op);
  }

  async commit(request: CommitRequest, op: Operational): Promise<{ id: Digest; name: string }> {
    return commitImage(this.context, request, op);
  }

  /** An image from plain layer tars and a config made for their DiffIDs, under a name. */
  async create(
    layers: readonly AsyncIterable<Uint8Array>[],
    configFor: (diffIds: Digest[]) => ImageConfig,
    name: string,
    op: Operational,
  ): Promise<Digest> {
    const { content, collector } = this.context;
    await using _ = await collector.use();
    const blobs = await Promise.all(layers.map((layer) => content.write(layer)));
    const manifest = await writeImage(content, configFor(blobs.map((blob) => blob.digest)), blobs);
    const reference = storedReference(parseReference(name));
    const source = { target: manifest, manifest, also: [], parent: null, madeHere: true };
    return await adoptImage(this.context, source, [reference], op);
  }
}
