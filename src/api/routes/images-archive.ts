/** Images in and out: load, save, import, pull. */

import type { Distribution } from '../../images/distribution/model.ts';
import type { Images } from '../../images/model.ts';
import { invalid, unsupported } from '../../lib/errors.ts';
import type { Log, Operational } from '../../lib/op.ts';
import { bodyStream } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { booleanParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress, sendStream } from '../http/stream.ts';

type Archives = Pick<Images, 'load' | 'save' | 'import'>;
type Pulling = Pick<Distribution, 'pull'>;

export function archiveRoutes(images: Archives, distribution: Pulling, log: Log): Route[] {
  return [
    route('POST', '/images/load', (exchange) =>
      sendProgress(exchange, log, (op) =>
        images.load(
          bodyStream(exchange),
          { quiet: booleanParameter(exchange.query, 'quiet', true), platform: platformOf(exchange) },
          op,
        ),
      ),
    ),
    route('GET', '/images/get', (exchange) => {
      const names = exchange.query.getAll('names').flatMap((list) => list.split(','));
      return save(images, exchange, names, log);
    }),
    route('GET', '/images/{name*}/get', (exchange) =>
      save(images, exchange, [exchange.parameter('name')], log),
    ),
    route('POST', '/images/create', (exchange) =>
      sendProgress(exchange, log, (op) => create(images, distribution, exchange, op)),
    ),
  ];
}

/** "os/arch/variant"; since 1.48 also the JSON of an OCI platform. */
function platformOf({ query }: Exchange): string {
  const text = textParameter(query, 'platform');
  if (!text.startsWith('{')) return text;
  try {
    const { os, architecture, variant } = JSON.parse(text) as Record<string, unknown>;
    return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/');
  } catch {
    throw invalid('failed to parse platform: invalid JSON');
  }
}

async function save(images: Archives, exchange: Exchange, names: string[], log: Log): Promise<void> {
  const op = { signal: exchange.signal, log, progress: () => {} };
  const tar = await images.save(names, { platform: platformOf(exchange) }, op);
  exchange.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
  await sendStream(exchange, tar);
}

/** One endpoint for two jobs: `fromSrc=-` imports the body, `fromImage` pulls. */
async function create(
  images: Archives,
  distribution: Pulling,
  exchange: Exchange,
  op: Operational,
): Promise<void> {
  const { query } = exchange;
  const image = textParameter(query, 'fromImage');
  const tag = textParameter(query, 'tag');
  const platform = platformOf(exchange);
  if (image !== '') {
    const separator = tag.startsWith('sha256:') ? '@' : ':';
    return distribution.pull(
      tag ? `${image}${separator}${tag}` : image,
      { platform, allTags: false, credentials: { kind: 'anonymous' } },
      op,
    );
  }
  if (textParameter(query, 'fromSrc') !== '-')
    throw unsupported('import from a URL is not supported yet by this version of gantry: send the archive');
  const repository = textParameter(query, 'repo');
  const id = await images.import(
    bodyStream(exchange),
    {
      name: tag && repository ? `${repository}:${tag}` : repository,
      message: textParameter(query, 'message'),
      changes: query.getAll('changes'),
      platform,
    },
    op,
  );
  op.progress({ kind: 'status', status: id });
}
