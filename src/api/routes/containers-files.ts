/** The container's file system. */
import type { Containers } from '../../containers/service.ts';
import { invalid } from '../../lib/errors.ts';
import { bodyStream } from '../http/body.ts';
import { sendChunks } from '../http/chunks.ts';
import type { Exchange } from '../http/exchange.ts';
import { booleanParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { pathStatHeader } from '../translate/path-stat.ts';
import type { FilesystemChange } from '../types/containers.ts';

type Files = Pick<Containers, 'statPath' | 'getArchive' | 'putArchive' | 'changes' | 'export'>;

const tar = { 'Content-Type': 'application/x-tar' };
const kinds = { modified: 0, added: 1, deleted: 2 } as const;

export function fileRoutes(containers: Files): Route[] {
  return [
    route('HEAD', '/containers/{id}/archive', async (exchange) => {
      const stat = await containers.statPath(exchange.parameter('id'), pathParameter(exchange));
      exchange.response.writeHead(200, statHeader(pathStatHeader(stat)));
      exchange.response.end();
    }),
    route('GET', '/containers/{id}/archive', async (exchange) => {
      const { stat, archive } = await containers.getArchive(
        exchange.parameter('id'),
        pathParameter(exchange),
      );
      await sendChunks(exchange, archive, { ...tar, ...statHeader(pathStatHeader(stat)) });
    }),
    route('PUT', '/containers/{id}/archive', (exchange) => putArchive(containers, exchange)),
    route('GET', '/containers/{id}/changes', async (exchange) => {
      const changes = await containers.changes(exchange.parameter('id'), exchange.signal);
      const list = changes.map(({ path, kind }): FilesystemChange => ({ Path: path, Kind: kinds[kind] }));
      exchange.json(200, list.length > 0 ? list : null);
    }),
    route('GET', '/containers/{id}/export', async (exchange) =>
      sendChunks(exchange, await containers.export(exchange.parameter('id')), tar),
    ),
  ];
}

const statHeader = (value: string) => ({ 'X-Docker-Container-Path-Stat': value });

async function putArchive(containers: Files, exchange: Exchange): Promise<void> {
  const path = pathParameter(exchange);
  await containers.putArchive(exchange.parameter('id'), path, bodyStream(exchange), {
    keepKind: booleanParameter(exchange.query, 'noOverwriteDirNonDir'),
    containerOwner: booleanParameter(exchange.query, 'copyUIDGID'),
  });
  exchange.empty(200);
}

function pathParameter({ query }: Exchange): string {
  const path = textParameter(query, 'path');
  // Docker's text, blank missing.
  if (path === '') throw invalid('bad parameter: pathcannot be empty');
  return path;
}
