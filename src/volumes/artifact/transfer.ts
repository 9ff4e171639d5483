/** `volume push` and `volume pull`: a volume as an OCI artifact in any registry. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { invalid } from '../../lib/errors.ts';
import { type Digest, shortId } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import { familiarName, type ImageName, parseReference, repository, withTag } from '../../lib/reference.ts';
import type { BlobSource, Credentials, Repository } from '../../registry/client/model.ts';
import { pack } from '../archive/pack.ts';
import { unpack } from '../archive/unpack.ts';
import type { VolumeContext } from '../context.ts';
import { fillVolume } from '../fill.ts';
import { recorded } from '../lookup.ts';
import type { Volume } from '../model.ts';
import { newUser, whileMounted } from '../mounting.ts';
import {
  emptyConfig,
  emptyConfigDigest,
  parseVolumeManifest,
  type VolumeLayer,
  volumeManifest,
} from './manifest.ts';
import { Spool } from './spool.ts';

export async function push(
  context: VolumeContext,
  name: string,
  reference: string,
  credentials: Credentials,
  op: Operational,
): Promise<string> {
  const target = withTag(parseReference(reference));
  if (target.digest !== null) throw invalid('cannot push a digest reference');
  const volume = recorded(context, name);
  const remote = context.registries.repository(target, { credentials, actions: 'push' });
  op.progress({ kind: 'status', status: `The push refers to repository [${repository(target)}]` });
  op.progress({ kind: 'status', id: name, status: 'Preparing' });
  // A name of its own: several pushes may run at once.
  const path = join(context.directory, `.spool-${newUser()}`);
  await using spool = await whileMounted(context, name, (files) =>
    Spool.write(path, pack(files, op.signal), op.signal),
  );
  await send(remote, spool.blob, op);
  const config = { digest: emptyConfigDigest, size: emptyConfig.length, open: () => once(emptyConfig) };
  await remote.pushBlob(config, { mountFrom: [], signal: op.signal, progress: () => {} });
  const manifest = volumeManifest(spool.blob, volume, new Date());
  const tag = target.tag ?? 'latest';
  await remote.pushManifest(tag, manifest, op.signal);
  op.progress({
    kind: 'status',
    status: `${tag}: digest: ${manifest.digest} size: ${manifest.bytes.length}`,
  });
  return manifest.digest;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function send(remote: Repository, blob: BlobSource, op: Operational): Promise<void> {
  const id = shortId(blob.digest);
  const progress = (current: number) =>
    op.progress({ kind: 'status', id, status: 'Pushing', current, total: blob.size });
  const how = await remote.pushBlob(blob, { mountFrom: [], signal: op.signal, progress });
  op.progress({ kind: 'status', id, status: how === 'exists' ? 'Layer already exists' : 'Pushed' });
}

export async function pull(
  context: VolumeContext,
  reference: string,
  name: string,
  credentials: Credentials,
  op: Operational,
): Promise<Volume> {
  const source = withTag(parseReference(reference));
  const remote = context.registries.repository(source, { credentials, actions: 'pull' });
  const { layer, labels } = await resolve(remote, source, op);
  op.progress({
    kind: 'status',
    id: source.digest ?? source.tag ?? '',
    status: `Pulling from ${source.path}`,
  });
  const write = async (directory: string) => {
    const { chunks } = await remote.blob(layer.digest, { offset: 0, size: layer.size, signal: op.signal });
    await unpack(verified(chunks, layer, op), directory, op.signal);
  };
  const volume = await fillVolume(context, name, { labels, options: {} }, { kind: 'write', write });
  op.progress({ kind: 'status', id: shortId(layer.digest), status: 'Pull complete' });
  return volume;
}

async function resolve(remote: Repository, source: ImageName, op: Operational) {
  const { bytes, digest } = await remote.manifest(source.digest ?? source.tag ?? 'latest', op.signal);
  const found = parseVolumeManifest(bytes, familiarName(source));
  op.progress({ kind: 'status', status: `Digest: ${digest}` });
  return found;
}

/** Throws at the end when these were not the bytes that the manifest names; until then nothing of them counts. */
async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  { digest, size }: VolumeLayer,
  op: Operational,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let current = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    current += chunk.byteLength;
    op.progress({ kind: 'status', id: shortId(digest), status: 'Downloading', current, total: size });
    yield chunk;
  }
  const found = `sha256:${hash.digest('hex')}` as Digest;
  if (found !== digest) throw invalid(`the layer ${digest} has the digest ${found}`);
}
