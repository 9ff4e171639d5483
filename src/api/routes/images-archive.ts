/** Archives of images in and out. */

import type { Images } from '../../images/model.ts';
import type { Log } from '../../lib/op.ts';
import { bodyStream } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { booleanParameter, platformParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress, sendStream } from '../http/stream.ts';

type Archives = Pick<Images, 'load' | 'save'>;

export function archiveRoutes(images: Archives, log: Log): Route[] {
  return [
    route('POST', '/images/load', (exchange) =>
      sendProgress(exchange, log, (op) =>
        images.load(
          bodyStream(exchange),
          {
            quiet: booleanParameter(exchange.query, 'quiet', true),
            platform: platformParameter(exchange.query),
          },
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
  ];
}

async function save(images: Archives, exchange: Exchange, names: string[], log: Log): Promise<void> {
  const op = { signal: exchange.signal, log, progress: () => {} };
  const tar = await images.save(names, { platform: platformParameter(exchange.query) }, op);
  exchange.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
  await sendStream(exchange, tar);
}
