import { invalid } from '../lib/errors.ts';
import type { Operational } from '../lib/op.ts';
import { type ImageName, repository } from '../lib/reference.ts';
import type { Platform } from '../oci/image.ts';
import { parsePlatform } from '../oci/platform.ts';
import { adoptImage } from './adopt.ts';
import { type ArchiveFiles, ingestArchive } from './archive.ts';
import { readDockerArchive } from './archive-docker.ts';
import { type ArchivedImage, readOciLayout } from './archive-oci.ts';
import type { Context } from './context.ts';
import { formatReference, type Reference } from './names.ts';

export interface LoadOptions {
  quiet: boolean;
  /** "" = the host's where there is a choice, else whatever the archive holds. */
  platform: string;
}

/** `docker load`: every image of an archive; nothing of it is visible before it is complete. */
export async function loadArchive(
  context: Context,
  archive: ReadableStream<Uint8Array>,
  options: LoadOptions,
  op: Operational,
): Promise<void> {
  const platform = options.platform === '' ? null : parsePlatform(options.platform);
  const quietly: Operational = options.quiet
    ? { ...op, progress: (step) => step.kind !== 'status' && op.progress(step) }
    : op;
  await using _ = await context.collector.use();
  try {
    const files = await ingestArchive(archive, context.content, op.signal);
    for (const image of await readImages(files, context, platform))
      await loadOne(context, image, platform, quietly);
  } finally {
    // What was in the archive but belongs to no image, and everything when loading failed.
    await context.collector.collect();
  }
}

/** An archive may be both: the layout has the real manifests, manifest.json always has the names. */
async function readImages(
  files: ArchiveFiles,
  { content }: Context,
  platform: Platform | null,
): Promise<ArchivedImage[]> {
  const layout = await readOciLayout(files, content, platform);
  if (layout?.some((image) => image.names.length > 0)) return layout;
  const archived = await readDockerArchive(files, content);
  const images = archived ?? layout;
  if (images === null) throw invalid('invalid archive: does not contain a manifest.json');
  return images;
}

async function loadOne(
  context: Context,
  image: ArchivedImage,
  platform: Platform | null,
  op: Operational,
): Promise<void> {
  const references = image.names.flatMap(tagReference);
  const displaced = references.map(
    (reference) => [reference, context.records.names.find(reference)?.image ?? null] as const,
  );
  const id = await adoptImage(context, { ...image.source, platform }, references, op);
  for (const [reference, old] of displaced)
    if (old !== null && old !== id)
      say(
        op,
        `The image ${formatReference(reference)} already exists, renaming the old one with ID ${old} to empty string\n`,
      );
  context.emitImage('load', id, id);
  if (image.names.length === 0) say(op, `Loaded image ID: ${id}\n`);
  for (const reference of references) say(op, `Loaded image: ${formatReference(reference)}\n`);
}

function say(op: Operational, text: string): void {
  op.progress({ kind: 'text', text });
}

function tagReference(name: ImageName): Reference[] {
  return name.tag === null ? [] : [{ kind: 'tag', repository: repository(name), tag: name.tag }];
}
