/** Manifests and indexes: GET, HEAD and PUT of `<repository>/manifests/<reference>`. */
import { internal, invalid } from '../../lib/errors.ts';
import { type Digest, digestOf, parseDigest } from '../../lib/ids.ts';
import { documentLimit, mediaTypes } from '../../oci/image-parse.ts';
import { requestWords } from './connection-failure.ts';
import { type Answer, bytesBody } from './exchange.ts';
import { firstOf } from './first-of.ts';
import type { Ask, Host } from './host.ts';
import type { RemoteManifest } from './model.ts';

export interface Resolved {
  mediaType: string;
  digest: Digest;
  size: number;
}

type Common = Pick<Ask, 'scopes' | 'signal'>;

/** Every type that an image can have: without it old registries convert to the one they think we know. */
const accepted = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
  '*/*',
].join(', ');

const isDigest = (reference: string) => reference.includes(':');

export function fetchManifest(
  hosts: readonly Host[],
  path: string,
  reference: string,
  common: Common,
): Promise<RemoteManifest> {
  return firstOf(hosts, common.signal, async (host) =>
    manifestOf(await host.askOnce(asking('GET', path, reference, common)), reference),
  );
}

/** Null when it is not there. */
export async function resolveManifest(
  hosts: readonly Host[],
  path: string,
  reference: string,
  common: Common,
): Promise<Resolved | null> {
  return firstOf(hosts, common.signal, async (host) => {
    const last = host === hosts.at(-1);
    const answer = await host.askOnce({
      ...asking('HEAD', path, reference, common),
      also: last ? [404] : [],
    });
    answer.discard();
    if (answer.status === 404) return null;
    return headOf(answer, reference) ?? bodyOf(host, path, reference, common);
  });
}

export async function putManifest(
  host: Host,
  path: string,
  reference: string,
  { mediaType, digest, bytes }: RemoteManifest,
  common: Common,
): Promise<void> {
  const answer = await host.ask({
    method: 'PUT',
    path: `${path}/manifests/${reference}`,
    headers: { 'Content-Type': mediaType },
    body: bytesBody(bytes),
    ...common,
  });
  answer.discard();
  const stored = answer.header('docker-content-digest');
  if (stored !== '' && stored !== digest)
    throw internal(`the registry stored the manifest ${digest} as ${JSON.stringify(stored)}`);
}

function asking(method: 'GET' | 'HEAD', path: string, reference: string, common: Common): Ask {
  return { method, path: `${path}/manifests/${reference}`, headers: { Accept: accepted }, ...common };
}

async function manifestOf(answer: Answer, reference: string): Promise<RemoteManifest> {
  const bytes = await answer.document(documentLimit);
  const digest = digestOf(bytes);
  const expected = isDigest(reference) ? reference : answer.header('docker-content-digest');
  if (expected.startsWith('sha256:') && expected !== digest)
    throw invalid(
      `${requestWords(answer)}: manifest verification failed for digest ${expected}: the content is ${digest}`,
    );
  return { mediaType: mediaTypeOf(answer), digest, bytes };
}

/** Null when the registry leaves out what only the body would tell then. */
function headOf(answer: Answer, reference: string): Resolved | null {
  const digest = answer.header('docker-content-digest');
  const size = answer.header('content-length');
  if (!/^sha256:[0-9a-f]{64}$/.test(digest) || !/^\d+$/.test(size)) return null;
  if (isDigest(reference) && digest !== reference)
    throw invalid(`${requestWords(answer)}: the registry answered with ${digest}`);
  return { mediaType: mediaTypeOf(answer), digest: parseDigest(digest), size: Number(size) };
}

async function bodyOf(host: Host, path: string, reference: string, common: Common): Promise<Resolved> {
  const answer = await host.askOnce(asking('GET', path, reference, common));
  const { mediaType, digest, bytes } = await manifestOf(answer, reference);
  return { mediaType, digest, size: bytes.byteLength };
}

function mediaTypeOf(answer: Answer): string {
  return (answer.header('content-type').split(';')[0] ?? '').trim();
}
