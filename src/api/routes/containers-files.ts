/** The container's file system. The containers noun gains these methods with a later version; until then they are refused. */
import { unsupported } from '../../lib/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Route, route } from '../http/router.ts';
import { sendStream } from '../http/stream.ts';
import type { FilesystemChange } from '../types/containers.ts';

interface Files {
  changes?(ref: string): Promise<{ path: string; kind: FilesystemChange['Kind'] }[]>;
  /** The root file system as a tar. */
  export?(ref: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

export function fileRoutes(containers: object & Files): Route[] {
  return [
    route('GET', '/containers/{id}/changes', async (exchange) => {
      if (!containers.changes)
        throw unsupported('container diff is not supported yet by this version of gantry');
      const changes = await containers.changes(exchange.parameter('id'));
      exchange.json(
        200,
        changes.map(({ path, kind }): FilesystemChange => ({ Path: path, Kind: kind })),
      );
    }),
    route('GET', '/containers/{id}/export', (exchange) => exportTar(containers, exchange)),
  ];
}

async function exportTar(containers: Files, exchange: Exchange): Promise<void> {
  if (!containers.export)
    throw unsupported('container export is not supported yet by this version of gantry');
  const tar = await containers.export(exchange.parameter('id'), exchange.signal);
  exchange.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
  await sendStream(exchange, tar);
}
