/** `docker push`: from a name to its repository, in Docker's words. */
import { invalid, notFound } from '../../lib/errors.ts';
import { type Digest, shortId } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import { familiarName, familiarRepository, type ImageName, repository } from '../../lib/reference.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { RemoteManifest, Repository } from '../../registry/client/model.ts';
import { type Located, type Reference, splitRepository } from '../names.ts';
import { Slots } from '../slots.ts';
import { type ContentBlob, manifestFor, readContents, type TargetContents } from './contents.ts';
import type { DistributionContext } from './context.ts';
import { emitTransfer } from './events.ts';
import type { PushOptions } from './model.ts';
import { publishedTarget } from './publish.ts';

interface Tagged extends Located {
  tag: string;
}

/** Sends one tag of a repository, or with `allTags` every one that is here. */
export async function pushImages(
  context: DistributionContext,
  name: ImageName,
  options: PushOptions,
  op: Operational,
): Promise<void> {
  if (name.digest !== null) throw invalid('cannot push a digest reference');
  op.progress({ kind: 'status', status: `The push refers to repository [${repository(name)}]` });
  const remote = context.registries.repository(name, { credentials: options.credentials, actions: 'push' });
  await using _ = await context.images.collector.use();
  try {
    for (const tagged of wantedTags(context, name, options.allTags))
      await new Push(context, remote, { ...name, tag: tagged.tag }, op).run(tagged, options.platform);
  } finally {
    // The plain layers of what was compressed are of no more use.
    await context.images.collector.collect();
  }
}

function wantedTags({ images }: DistributionContext, name: ImageName, allTags: boolean): Tagged[] {
  const tags = images.records.names.tagsOf(repository(name));
  if (tags.length === 0)
    throw notFound(`An image does not exist locally with the tag: ${familiarRepository(name)}`);
  if (allTags) return tags;
  const tag = name.tag ?? 'latest';
  const wanted = tags.filter((each) => each.tag === tag);
  if (wanted.length === 0) throw notFound(`tag does not exist: ${familiarName({ ...name, tag })}`);
  return wanted;
}

class Push {
  readonly #slots: Slots;

  constructor(
    private readonly context: DistributionContext,
    private readonly remote: Repository,
    private readonly name: ImageName,
    private readonly op: Operational,
  ) {
    this.#slots = new Slots(context.maxUploads);
  }

  async run(tagged: Tagged, platform: string): Promise<void> {
    const { images } = this.context;
    const { target } = await publishedTarget(images, tagged, this.op);
    const contents = await this.#select(await readContents(images.content, target), tagged.image, platform);
    await this.#pushBlobs(contents.blobs);
    const top = await this.#pushDocuments(contents.documents, tagged.tag);
    this.#remember(tagged.image, top);
    this.op.progress({
      kind: 'status',
      status: `${tagged.tag}: digest: ${top.digest} size: ${top.bytes.length}`,
    });
    const result = { Tag: tagged.tag, Digest: top.digest, Size: top.bytes.length };
    this.op.progress({ kind: 'result', value: result });
    emitTransfer(images, 'push', tagged.image, this.name);
  }

  /** All of the target; or of an index that is not wholly here, nor in the repository, the one manifest that is. */
  async #select(contents: TargetContents, image: Digest, platform: string): Promise<TargetContents> {
    const { content, records } = this.context.images;
    if (platform !== '')
      return readContents(content, await manifestFor(content, contents, parsePlatform(platform)));
    if (await this.#has(contents.absent)) return contents;
    const index = contents.documents.at(-1)?.digest ?? '';
    const only = records.targets.of(image).find(({ target }) => target === index)?.manifest;
    if (only === undefined) throw notFound(`image ${image} is not complete`);
    this.op.progress({
      kind: 'status',
      status: `Not all multiplatform-content is present and only the available single-platform image was pushed\n${index} -> ${only}`,
    });
    return readContents(content, only);
  }

  async #has(manifests: readonly Digest[]): Promise<boolean> {
    for (const digest of manifests)
      if ((await this.remote.resolve(digest, this.op.signal)) === null) return false;
    return true;
  }

  async #pushBlobs(blobs: readonly ContentBlob[]): Promise<void> {
    for (const blob of blobs) this.#say(blob, 'Preparing');
    const stop = new AbortController();
    const signal = AbortSignal.any([this.op.signal, stop.signal]);
    const outcomes = await Promise.allSettled(
      blobs.map((blob) =>
        this.#slots
          .run(() => this.#pushBlob(blob, signal))
          .catch((error: unknown) => {
            // The others would only be in vain.
            stop.abort(error);
            throw error;
          }),
      ),
    );
    this.op.signal.throwIfAborted();
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw stop.signal.reason;
  }

  async #pushBlob(blob: ContentBlob, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { content } = this.context.images;
    const mountFrom = this.#siblings(blob.digest);
    const source = {
      digest: blob.digest,
      size: blob.size,
      open: (at: number) => content.stream(blob.digest, at),
    };
    const outcome = await this.remote.pushBlob(source, {
      mountFrom,
      signal,
      progress: (sent) => this.#say(blob, 'Pushing', sent),
    });
    const words = {
      exists: 'Layer already exists',
      mounted: `Mounted from ${mountFrom[0] ?? ''}`,
      uploaded: 'Pushed',
    };
    this.#say(blob, words[outcome]);
  }

  /** Other repositories of the registry that are known to have the blob. */
  #siblings(blob: Digest): string[] {
    return this.context.images.records.names
      .repositoriesWith(blob)
      .map(splitRepository)
      .filter(({ domain, path }) => domain === this.name.domain && path !== this.name.path)
      .map(({ path }) => path)
      .slice(0, 1);
  }

  /** Children by digest, the target by its tag. */
  async #pushDocuments(documents: readonly RemoteManifest[], tag: string): Promise<RemoteManifest> {
    const top = documents.at(-1);
    if (top === undefined) throw notFound('the image has no manifest');
    for (const document of documents)
      await this.remote.pushManifest(document === top ? tag : document.digest, document, this.op.signal);
    return top;
  }

  /** The repository is known to have it: shown as RepoDigests, and where other repositories may mount from. */
  #remember(image: Digest, { digest }: RemoteManifest): void {
    const { records } = this.context.images;
    if (records.targets.get(image, digest) === null) return;
    const reference: Reference = { kind: 'digest', repository: repository(this.name), digest };
    records.refer(reference, { image, target: digest });
  }

  /** Docker shows layers only. */
  #say({ kind, id, size }: ContentBlob, status: string, current?: number): void {
    if (kind !== 'layer') return;
    const progress = current === undefined ? {} : { current, total: size };
    this.op.progress({ kind: 'status', id: shortId(id), status, ...progress });
  }
}
