/** Contexts on their way to the daemon. */
import type { ContextJson, ContextOfferBody, ContextOfferResponse } from '../../api/types/builds.ts';
import type { IdResponse } from '../../api/types/common.ts';
import { contextName } from '../../lib/reference.ts';
import { contextFiles, packFiles } from '../archive/context-files.ts';
import { ExitError } from '../exit.ts';
import { ApiError, type Client } from '../http/client.ts';
import { readSelection } from './ignore.ts';
import { offerOf } from './offer.ts';
import { directoryOf, type Files, isUrl } from './source.ts';

/** Hears how many bytes went so far. */
export type Sent = (bytes: number) => void;

/** `dockerfile`: its path here, beside which its own ignore file may be. */
export async function sendFiles(
  client: Client,
  files: Files,
  dockerfile: string | null,
  sent: Sent,
): Promise<ContextJson> {
  if (files.kind === 'url') return { Url: files.url };
  try {
    if (files.kind === 'directory') return await sendDirectory(client, files.path, dockerfile, sent);
    const body = tarOf(files.kind === 'archive' ? files.bytes : emptyArchive(), sent);
    return await client.json<IdResponse>('POST', '/gantry/contexts', { body });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    throw new ExitError('this daemon is not gantry: it builds for the docker command line only');
  }
}

/** Only what the daemon does not have from the last time. */
async function sendDirectory(
  client: Client,
  path: string,
  dockerfile: string | null,
  sent: Sent,
): Promise<ContextJson> {
  const ignored = readSelection(path, dockerfile);
  const files = contextFiles(path, ignored);
  const offer = offerOf({ path, ignoreFile: ignored?.path ?? null }, files);
  const ask = (json: ContextOfferBody) =>
    client.json<ContextOfferResponse>('POST', '/gantry/contexts/offer', { body: { json } });
  const head = { Name: offer.name, ...(offer.digest !== null && { Digest: offer.digest }) };
  const known = offer.digest === null ? '' : (await ask(head)).Id;
  const { Id, Wanted } =
    known === '' ? await ask({ ...head, Entries: offer.entries() }) : { Id: known, Wanted: [] };
  if (Wanted.length === 0) {
    sent(0);
    return { Id };
  }
  const wanted = Wanted.flatMap((index) => files[index] ?? []);
  await client.call('POST', `/gantry/contexts/${Id}/files`, { body: tarOf(packFiles(wanted), sent) });
  return { Id };
}

const tarOf = (stream: AsyncIterable<Uint8Array>, sent: Sent) => ({
  stream: counted(stream, sent),
  type: 'application/x-tar',
});

async function* emptyArchive(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1024);
}

async function* counted(stream: AsyncIterable<Uint8Array>, sent: Sent): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of stream) {
    yield chunk;
    total += chunk.length;
    sent(total);
  }
}

export interface NamedContext {
  name: string;
  value: { kind: 'image'; name: string } | { kind: 'files'; files: Files };
}

/** `--build-context name=path|URL|docker-image://name`. */
export function parseNamedContext(text: string): NamedContext {
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '') throw new ExitError(`invalid context value: ${text}, expected key=value`);
  // Uppercase is no name of a stage or an image.
  if (name !== name.toLowerCase()) throw new ExitError(`invalid context name ${name}: it must be lowercase`);
  return { name: contextName(name), value: contextNamed(value) };
}

function contextNamed(value: string): NamedContext['value'] {
  const image = /^docker-image:\/\/(.+)$/.exec(value)?.[1];
  if (image !== undefined) return { kind: 'image', name: image };
  if (isUrl(value)) return { kind: 'files', files: { kind: 'url', url: value } };
  const scheme = /^([a-z-]+):/.exec(value)?.[1];
  if (scheme !== undefined && ['oci-layout', 'target', 'input', 'local'].includes(scheme))
    throw new ExitError(`--build-context ${value}: ${scheme} is not part of this version yet`);
  return { kind: 'files', files: { kind: 'directory', path: directoryOf(value) } };
}
