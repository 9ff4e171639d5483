import { createHash } from 'node:crypto';
import { decompress } from '../archive/compression.ts';
import { detectCompression } from '../archive/detect.ts';
import type { Blob } from '../content/content.ts';
import { invalid } from '../lib/errors.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import { type Operational, quiet } from '../lib/op.ts';
import type { ImageConfig } from '../oci/image.ts';
import { parsePlatform } from '../oci/platform.ts';
import { adoptImage } from './adopt.ts';
import { applyChanges } from './changes.ts';
import type { Context } from './context.ts';
import { newTag } from './find.ts';
import { writeImage } from './manifest.ts';

export interface ImportOptions {
  /** "" = no name. */
  name: string;
  message: string;
  changes: readonly string[];
  platform: string;
}

/** `docker import`: a root file system tar becomes an image of one layer. */
export async function importArchive(
  context: Context,
  archive: ReadableStream<Uint8Array>,
  options: ImportOptions,
  op: Operational,
): Promise<Digest> {
  const references = options.name === '' ? [] : [newTag(options.name)];
  const platform = parsePlatform(options.platform);
  const run = applyChanges({}, options.changes);
  await using _ = await context.collector.use();
  try {
    const layer = await storeLayer(context, archive);
    const created = new Date().toISOString();
    const comment = options.message || 'Imported from -';
    const config: ImageConfig = {
      created,
      architecture: platform.architecture,
      os: platform.os,
      ...(platform.variant ? { variant: platform.variant } : {}),
      comment,
      config: run,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created, comment }],
    };
    const manifest = await writeImage(context.content, config, [layer.blob]);
    const source = { target: manifest, manifest, also: [], parent: null, madeHere: true };
    const id = await adoptImage(context, source, references, quiet(op));
    context.emitImage('import', id, id);
    return id;
  } finally {
    await context.collector.collect();
  }
}

/** gzip and zstd are kept as they came; formats that the OCI spec does not know are stored plain. */
async function storeLayer(
  { content }: Context,
  archive: ReadableStream<Uint8Array>,
): Promise<{ blob: Blob; diffId: Digest }> {
  const blob = await content.write(archive);
  if (blob.size === 0) throw invalid('invalid archive: it is empty');
  const compression = detectCompression(await content.head(blob.digest, 8));
  if (compression === 'none') return { blob, diffId: blob.digest };
  if (compression === 'gzip' || compression === 'zstd') {
    const hash = createHash('sha256');
    for await (const chunk of decompress(content.stream(blob.digest))) hash.update(chunk);
    return { blob, diffId: parseDigest(`sha256:${hash.digest('hex')}`) };
  }
  const plain = await content.write(decompress(content.stream(blob.digest)));
  return { blob: plain, diffId: plain.digest };
}
