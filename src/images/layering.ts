/** Images made layer by layer, for builds. */
import { notFound } from '../lib/errors.ts';
import { type Digest, parseDigest } from '../lib/ids.ts';
import { type Operational, quiet } from '../lib/op.ts';
import { parseReference } from '../lib/reference.ts';
import { documentLimit, parseManifest } from '../oci/image-parse.ts';
import { adoptImage } from './adopt.ts';
import { chainIds } from './chain.ts';
import type { Context } from './context.ts';
import { storedReference } from './find.ts';
import { writeImage } from './manifest.ts';
import type { ImageParts, Layer, Layering, NewImageRequest } from './model.ts';
import { formatReference } from './names.ts';
import { unpackLayer } from './unpack.ts';

/** A tar without members: two blocks of zeros. */
export const emptyTar = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** What an image is made of. Throws notFound. */
export async function partsOf({ records, content }: Context, id: Digest): Promise<ImageParts> {
  const image = records.get(id);
  const [target] = records.targets.of(id);
  if (image === null || target === undefined) throw notFound(`No such image: ${id}`);
  const { layers } = parseManifest(await content.read(target.manifest, documentLimit));
  return {
    config: image.config,
    layers: layers.map(({ digest, size }, index) => ({
      digest: parseDigest(digest),
      size,
      diffId: parseDigest(image.config.rootfs.diff_ids[index] ?? ''),
      chainId: image.chainIds[index] ?? '',
    })),
  };
}

export class ImageLayering implements Layering {
  constructor(private readonly context: Context) {}

  use = () => this.context.collector.use();

  collect = () => this.context.collector.collect();

  parts = (id: Digest): Promise<ImageParts> => partsOf(this.context, id);

  async add(parent: string | null, tar: AsyncIterable<Uint8Array>, op: Operational): Promise<Layer | null> {
    const blob = await this.context.content.write(tar);
    if (blob.digest === emptyTar) return null;
    return this.restack({ ...blob, diffId: blob.digest }, parent, op);
  }

  async restack(layer: Omit<Layer, 'chainId'>, parent: string | null, op: Operational): Promise<Layer> {
    const { content, snapshotter, records } = this.context;
    const chainId = chainIds(parent === null ? [layer.diffId] : [parent, layer.diffId]).at(-1) ?? '';
    await snapshotter.unpack(chainId, parent, (directory) =>
      unpackLayer(
        { content, snapshotter, records },
        { ...layer, progress: () => {} },
        { kind: 'stored' },
        { index: 0, chainId, directory },
        op,
      ),
    );
    return { ...layer, chainId };
  }

  has({ chainId, digest }: Layer): boolean {
    const { content, snapshotter } = this.context;
    return snapshotter.has(chainId) && content.size(digest) !== null;
  }

  hold(holder: string, layers: readonly Layer[]): void {
    this.context.records.holds.set(
      holder,
      layers.flatMap(({ chainId, digest }) => [chainId, digest]),
    );
  }

  release(holder: string): void {
    this.context.records.holds.drop(holder);
  }

  holders = () => this.context.records.holds.holders();

  sizeOf = (chainId: string) => this.context.records.layerSize(chainId) ?? 0;

  isInImage = (chainId: string) => this.context.records.isLayerReferenced(chainId);

  async make({ config, layers, names, parent }: NewImageRequest, op: Operational): Promise<Digest> {
    const { content } = this.context;
    const references = names.map((name) => storedReference(parseReference(name)));
    const manifest = await writeImage(content, config, layers);
    const source = { target: manifest, manifest, also: [], parent, madeHere: true };
    const id = await adoptImage(this.context, source, references, quiet(op));
    for (const reference of references) this.context.emitImage('tag', id, formatReference(reference));
    return id;
  }
}
