import { invalid } from '../lib/errors.ts';

const layer =
  /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+(gzip|zstd|bzip2|xz))?|docker\.image\.rootfs\.diff\.tar(\.(gzip|zstd))?)$/;
const foreign = /nondistributable|rootfs\.foreign/;

/**
 * Refuses what is no layer of a root file system: an artifact that is no image, an encrypted layer, and layers that may only be
 * had elsewhere (image-spec, "Non-Distributable Layers"; only Windows has them). How a layer is compressed is told by its bytes.
 */
export function checkLayerType(mediaType: string): void {
  if (foreign.test(mediaType))
    throw invalid(`layers of the media type ${mediaType} (foreign layers) are not supported`);
  if (!layer.test(mediaType)) throw invalid(`unsupported layer media type ${JSON.stringify(mediaType)}`);
}
