/** POST /images/create, one endpoint for two jobs: `fromImage` pulls, `fromSrc` imports a tar from the body or from a URL. */
import type { Distribution } from '../../images/distribution/model.ts';
import type { Images } from '../../images/model.ts';
import type { Log, Operational } from '../../lib/op.ts';
import { familiarName, parseReference } from '../../lib/reference.ts';
import { bodyStream } from '../http/body.ts';
import { download, parseSource, redacted } from '../http/download.ts';
import type { Exchange } from '../http/exchange.ts';
import { newNameParameter, platformParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress } from '../http/stream.ts';
import { credentialsFor, decodeRegistryAuth } from '../translate/registry-auth.ts';

type Importing = Pick<Images, 'import'>;
type Pulling = Pick<Distribution, 'pull'>;

export function imageCreateRoutes(images: Importing, distribution: Pulling, log: Log): Route[] {
  return [
    route('POST', '/images/create', (exchange) =>
      sendProgress(exchange, log, (op) =>
        textParameter(exchange.query, 'fromImage') === ''
          ? importFrom(images, exchange, op)
          : pull(distribution, exchange, op),
      ),
    ),
  ];
}

async function pull(distribution: Pulling, exchange: Exchange, op: Operational): Promise<void> {
  const { query } = exchange;
  const { name, allTags } = pulledName(textParameter(query, 'fromImage'), textParameter(query, 'tag'));
  const credentials = credentialsFor(name.domain, decodeRegistryAuth(exchange.header('x-registry-auth')));
  const options = { platform: platformParameter(query), allTags, credentials };
  await distribution.pull(familiarName(name), options, op);
}

/** A digest in the image's name beats `tag`, which beats a tag in the name; with none of them every tag is meant. */
function pulledName(image: string, tag: string) {
  const given = parseReference(image);
  if (given.digest !== null || tag === '')
    return { name: given, allTags: given.digest === null && given.tag === null };
  const separator = tag.startsWith('sha256:') ? '@' : ':';
  const bare = familiarName({ ...given, tag: null });
  return { name: parseReference(bare + separator + tag), allTags: false };
}

async function importFrom(images: Importing, exchange: Exchange, op: Operational): Promise<void> {
  const source = textParameter(exchange.query, 'fromSrc');
  if (source === '-') return importArchive(images, exchange, bodyStream(exchange), '', op);
  const url = parseSource(source);
  const connection = new AbortController();
  const signal = AbortSignal.any([op.signal, connection.signal]);
  try {
    const archive = await download(url, { ...op, signal });
    await importArchive(images, exchange, archive, `Imported from ${redacted(url)}`, op);
  } finally {
    // An import that failed may not have read to the end.
    connection.abort();
  }
}

async function importArchive(
  images: Importing,
  { query }: Exchange,
  archive: ReadableStream<Uint8Array>,
  defaultMessage: string,
  op: Operational,
): Promise<void> {
  const options = {
    name: newNameParameter(query),
    message: textParameter(query, 'message') || defaultMessage,
    changes: query.getAll('changes'),
    platform: platformParameter(query),
  };
  op.progress({ kind: 'status', status: await images.import(archive, options, op) });
}
