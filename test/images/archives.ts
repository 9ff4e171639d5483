/** Image archives made of layer tars, as others write them. */
import { createHash } from 'node:crypto';
import type { Descriptor, ImageConfig } from '../../src/oci/image.ts';
import { type RawMember, rawTar } from './raw-tar.ts';

export const sha = (bytes: string | Uint8Array) =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface Sample {
  layers: Buffer<ArrayBuffer>[];
  tags: string[];
  config?: ImageConfig['config'];
  history?: ImageConfig['history'];
  compress?: (layer: Buffer<ArrayBuffer>) => Uint8Array;
}

export function configOf(sample: Sample): Buffer {
  const config: ImageConfig = {
    created: '2026-01-02T03:04:05Z',
    architecture: 'amd64',
    os: 'linux',
    config: sample.config ?? {},
    rootfs: { type: 'layers', diff_ids: sample.layers.map(sha) },
    history: sample.history ?? sample.layers.map((_, n) => ({ created_by: `step ${n}` })),
  };
  return Buffer.from(JSON.stringify(config));
}

/** As `docker save` before 25 wrote it: directories by id, equal layers as links. */
export function oldDockerArchive(...samples: Sample[]): Buffer<ArrayBuffer> {
  const members: RawMember[] = [];
  const first = new Map<string, string>();
  const manifest = samples.map((sample, image) => {
    const config = configOf(sample);
    const name = `${sha(config).slice(7)}.json`;
    members.push({ name, data: config });
    const layers = sample.layers.map((layer, n) => {
      const path = `${image}-${n}/layer.tar`;
      const known = first.get(sha(layer));
      if (known) members.push({ name: path, type: '2', link: `../${known}` });
      else members.push({ name: path, data: Buffer.from(sample.compress?.(layer) ?? layer) });
      first.set(sha(layer), known ?? path);
      return path;
    });
    return { Config: name, RepoTags: sample.tags, Layers: layers };
  });
  return rawTar(...members, { name: 'manifest.json', data: JSON.stringify(manifest) });
}

export const json = (value: unknown) => Buffer.from(JSON.stringify(value));

export function descriptorOf(mediaType: string, bytes: Buffer, extra: object = {}): Descriptor {
  return { mediaType, digest: sha(bytes), size: bytes.length, ...extra };
}

/** An OCI layout (image-layout.md) whose index.json has `top`. */
export function ociLayout(top: object, blobs: readonly Buffer[]): Buffer<ArrayBuffer> {
  return rawTar(
    ...blobs.map((data) => ({ name: `blobs/${sha(data).replace(':', '/')}`, data })),
    { name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', data: json(top) },
  );
}
