import { notFound } from '../lib/errors.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import { repository } from '../lib/reference.ts';
import type { Descriptor, Index } from '../oci/image.ts';
import {
  documentLimit,
  documentType,
  isIndexType,
  mediaTypes,
  parseJsonObject,
  parseManifest,
} from '../oci/image-parse.ts';
import { formatPlatform, parsePlatform, platformScore } from '../oci/platform.ts';
import type { Context } from './context.ts';
import { locateImage, storedReference } from './find.ts';
import { formatReference, type Located, type Reference } from './names.ts';
import { parseAnyReference } from './references.ts';
import { bytesMember, type TarMember, toStream, writeTar } from './tar-writer.ts';

type Tag = Extract<Reference, { kind: 'tag' }>;

/** One target of an image, with the tags to save. */
interface Selected extends Located {
  tags: Tag[];
}

/**
 * `docker save`: a docker-archive (manifest.json, repositories) that is an OCI layout as well (oci-layout, index.json).
 * Blobs go out as they are stored, so every digest survives. The same images give the same bytes.
 */
export async function saveImages(
  context: Context,
  refs: readonly string[],
  options: { platform: string },
  op: Operational,
): Promise<ReadableStream<Uint8Array>> {
  const selection = select(context, refs);
  for (const { image } of selection) checkPlatform(context, image, options.platform);
  // Blobs must not be collected while the client reads.
  await using undo = new AsyncDisposableStack();
  undo.use(await context.collector.use());
  const members = await archiveMembers(context, selection);
  await verifyThin(context, selection);
  for (const id of new Set(selection.map(({ image }) => image))) context.emitImage('save', id, id);
  const hold = undo.move();
  return toStream(
    (async function* () {
      try {
        for await (const chunk of writeTar(members)) {
          op.signal.throwIfAborted();
          yield chunk;
        }
      } finally {
        await hold.disposeAsync();
      }
    })(),
  );
}

/** Once the archive is on its way there is no way to tell the client what is wrong with it. */
async function verifyThin({ content, records }: Context, selection: readonly Selected[]): Promise<void> {
  const blobs = selection.flatMap(({ image, target }) => records.targets.blobs(image, target));
  for (const digest of new Set(blobs.map((blob) => blob.digest)))
    if (content.has(digest) && !content.isFile(digest)) await content.verify(digest);
}

/** What to save, in the order asked for: a bare repository means all its tags, an id none. */
function select({ records }: Context, refs: readonly string[]): Selected[] {
  const selection = new Map<string, Selected>();
  const add = ({ image, target }: Located, tag: Tag | null) => {
    const selected = selection.get(image + target) ?? { image, target, tags: [] };
    if (tag !== null && !selected.tags.some((each) => formatReference(each) === formatReference(tag)))
      selected.tags.push(tag);
    selection.set(image + target, selected);
  };
  for (const ref of refs) {
    const parsed = parseAnyReference(ref);
    if (parsed.kind === 'name' && parsed.name.tag === null && parsed.name.digest === null) {
      const tags = records.names.tagsOf(repository(parsed.name));
      for (const { tag, ...located } of tags)
        add(located, { kind: 'tag', repository: repository(parsed.name), tag });
      if (tags.length > 0) continue;
    }
    const located = locateImage(records, ref);
    const reference = parsed.kind === 'name' ? storedReference(parsed.name) : null;
    const isTag = reference?.kind === 'tag' && records.names.find(reference)?.image === located.image;
    add(located, isTag ? reference : null);
  }
  return [...selection.values()];
}

function checkPlatform({ records }: Context, id: Digest, platform: string): void {
  const config = records.get(id)?.config;
  if (platform === '' || config === undefined) return;
  const wanted = parsePlatform(platform);
  if (platformScore(wanted, config) === 0)
    throw notFound(
      `image ${id} was found but does not provide the specified platform (${formatPlatform(wanted)})`,
    );
}

async function archiveMembers(context: Context, selection: readonly Selected[]): Promise<TarMember[]> {
  const { content, records } = context;
  const blobs = new Map<Digest, number>();
  const index: Descriptor[] = [];
  const manifests: object[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const selected of selection) {
    const { image, target, tags } = selected;
    for (const { digest, size } of records.targets.blobs(image, target))
      if (content.has(digest)) blobs.set(digest, size);
    index.push(...(await indexEntries(context, selected)));
    manifests.push(await dockerManifest(context, selected));
    for (const tag of tags) addRepository(repositories, tag, records.layers(image).at(-1)?.chainId ?? image);
  }
  const document: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: index };
  return [
    directory('blobs/'),
    directory('blobs/sha256/'),
    ...[...blobs.keys()].sort().map((digest) => blobMember(context, digest, blobs.get(digest) ?? 0)),
    json('index.json', document),
    json('manifest.json', manifests),
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
    ...(Object.keys(repositories).length > 0 ? [json('repositories', repositories)] : []),
  ];
}

const directory = (name: string): TarMember => ({ name, size: 0, mode: 0o755, content: () => [] });

const json = (name: string, value: object): TarMember =>
  bytesMember(name, Buffer.from(JSON.stringify(value)));

const blobPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

function blobMember({ content }: Context, digest: Digest, size: number): TarMember {
  return { name: blobPath(digest), size, mode: 0o444, content: () => content.stream(digest) };
}

/** One descriptor per tag, as containerd writes it, so that every reader finds every name. */
async function indexEntries(
  { records, content }: Context,
  { image: id, target, tags }: Selected,
): Promise<Descriptor[]> {
  const image = records.get(id);
  if (image === null) throw notFound(`No such image: ${id}`);
  const mediaType = documentType(parseJsonObject(await content.read(target, documentLimit), 'manifest'));
  const descriptor: Descriptor = { mediaType, digest: target, size: content.size(target) ?? 0 };
  if (!isIndexType(mediaType)) {
    const { os, architecture, variant } = image.config;
    descriptor.platform = { architecture, os, ...(variant ? { variant } : {}) };
  }
  if (tags.length === 0) return [descriptor];
  return tags.map((tag) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': `${tag.repository}:${tag.tag}`,
      'org.opencontainers.image.ref.name': tag.tag,
    },
  }));
}

async function dockerManifest(
  { records, content }: Context,
  { image: id, target, tags }: Selected,
): Promise<object> {
  const carrier = records.targets.get(id, target);
  const image = records.get(id);
  if (carrier === null || image === null) throw notFound(`No such image: ${id}`);
  const { layers } = parseManifest(await content.read(carrier.manifest, documentLimit));
  for (const layer of layers)
    if (!content.has(parseDigest(layer.digest)))
      throw notFound(`the layer ${layer.digest} of ${id} is missing: see "gantry system fsck"`);
  const diffIds = image.config.rootfs.diff_ids;
  const sources = Object.fromEntries(
    layers.map(({ mediaType, size, digest: layer }, position) => [
      diffIds[position] ?? layer,
      { mediaType, size, digest: layer },
    ]),
  );
  return {
    Config: blobPath(id),
    RepoTags: tags.map(formatReference),
    Layers: layers.map((layer) => blobPath(parseDigest(layer.digest))),
    LayerSources: sources,
  };
}

/** The format before manifest.json; some readers still look for it. */
function addRepository(repositories: Record<string, Record<string, string>>, tag: Tag, top: string): void {
  const name = formatReference(tag).slice(0, -(tag.tag.length + 1));
  const tags = repositories[name] ?? {};
  tags[tag.tag] = top.replace('sha256:', '');
  repositories[name] = tags;
}
