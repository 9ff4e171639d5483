import type { Blob } from '../content/content.ts';
import type { Digest } from '../lib/ids.ts';
import { type Operational, quiet } from '../lib/op.ts';
import type { ImageConfig } from '../oci/image.ts';
import { hostPlatform } from '../oci/platform.ts';
import { adoptImage } from './adopt.ts';
import type { Context } from './context.ts';
import { newTag } from './find.ts';
import { emptyTar, partsOf } from './layering.ts';
import { writeImage } from './manifest.ts';
import type { CommitRequest } from './model.ts';
import { formatReference } from './names.ts';

/** What an image takes over from the one that it stands on. */
interface Base {
  config: Pick<ImageConfig, 'architecture' | 'os' | 'variant' | 'os.version' | 'rootfs' | 'history'>;
  layers: readonly Blob[];
}

/** `docker commit`, below the container: one more layer (none when nothing changed) and one more line of history. */
export async function commitImage(
  context: Context,
  request: CommitRequest,
  op: Operational,
): Promise<{ id: Digest; name: string }> {
  const tag = request.name === '' ? null : newTag(request.name);
  await using _ = await context.collector.use();
  try {
    const base = request.parent === null ? scratch() : await partsOf(context, request.parent);
    const layer = await context.content.write(request.layer);
    const isEmpty = layer.digest === emptyTar;
    const config = childConfig(base, request, isEmpty ? null : layer.digest);
    const manifest = await writeImage(
      context.content,
      config,
      isEmpty ? base.layers : [...base.layers, layer],
    );
    const source = { target: manifest, manifest, also: [], parent: request.parent, madeHere: true };
    const id = await adoptImage(context, source, tag === null ? [] : [tag], quiet(op));
    const name = tag === null ? '' : formatReference(tag);
    if (tag !== null) context.emitImage('tag', id, name);
    return { id, name };
  } finally {
    await context.collector.collect();
  }
}

function scratch(): Base {
  const { architecture, os, variant } = hostPlatform();
  const platform = { architecture, os, ...(variant ? { variant } : {}) };
  return { config: { ...platform, rootfs: { type: 'layers', diff_ids: [] } }, layers: [] };
}

/** `diffId` null: nothing changed, which the history says as well. */
function childConfig({ config: base }: Base, request: CommitRequest, diffId: Digest | null): ImageConfig {
  const { author, comment } = request;
  const created = new Date().toISOString();
  return {
    created,
    ...(author && { author }),
    architecture: base.architecture,
    os: base.os,
    ...(base.variant && { variant: base.variant }),
    ...(base['os.version'] && { 'os.version': base['os.version'] }),
    config: request.config,
    rootfs: { type: 'layers', diff_ids: [...base.rootfs.diff_ids, ...(diffId === null ? [] : [diffId])] },
    history: [
      ...(base.history ?? []),
      {
        created,
        created_by: request.createdBy,
        ...(author && { author }),
        ...(comment && { comment }),
        ...(diffId === null && { empty_layer: true }),
      },
    ],
  };
}
