/** Beyond Docker: what can be done with the files of volumes. */
import type { Log } from '../../lib/op.ts';
import { parseReference } from '../../lib/reference.ts';
import type { Volumes } from '../../volumes/model.ts';
import { bodyStream, readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { sendProgress, sendStream } from '../http/stream.ts';
import { Fields } from '../translate/fields.ts';
import { credentialsFor, decodeRegistryAuth } from '../translate/registry-auth.ts';
import { snapshotJson, volumeJson } from '../translate/volume.ts';

type Needed = Pick<
  Volumes,
  | 'copy'
  | 'rename'
  | 'export'
  | 'import'
  | 'snapshot'
  | 'snapshots'
  | 'removeSnapshot'
  | 'restore'
  | 'push'
  | 'pull'
>;

/** The one text that the body of such a request has. */
async function text(exchange: Exchange, field: string): Promise<string> {
  return Fields.of(await readJson(exchange), 'VolumeFiles').text(field);
}

export function volumeFileRoutes(volumes: Needed, log: Log): Route[] {
  const name = (exchange: Exchange) => exchange.parameter('name');
  return [
    route('POST', '/volumes/{name}/copy', async (exchange) =>
      exchange.json(201, volumeJson(await volumes.copy(name(exchange), await text(exchange, 'Target')))),
    ),
    route('POST', '/volumes/{name}/rename', async (exchange) =>
      exchange.json(200, volumeJson(await volumes.rename(name(exchange), await text(exchange, 'Name')))),
    ),
    route('GET', '/volumes/{name}/export', async (exchange) => {
      const tar = await volumes.export(name(exchange), exchange.signal);
      exchange.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
      await sendStream(exchange, tar);
    }),
    route('POST', '/volumes/{name}/import', async (exchange) => {
      const op = { signal: exchange.signal, log, progress: () => {} };
      exchange.json(201, volumeJson(await volumes.import(name(exchange), bodyStream(exchange), op)));
    }),
    ...snapshotRoutes(volumes),
    route('POST', '/volumes/{name}/push', (exchange) =>
      sendProgress(exchange, log, async (op) => {
        const { reference, credentials } = remote(exchange);
        await volumes.push(name(exchange), reference, credentials, op);
      }),
    ),
    route('POST', '/volumes/{name}/pull', (exchange) =>
      sendProgress(exchange, log, async (op) => {
        const { reference, credentials } = remote(exchange);
        await volumes.pull(reference, name(exchange), credentials, op);
      }),
    ),
  ];
}

function snapshotRoutes(volumes: Needed): Route[] {
  return [
    route('GET', '/volumes/{name}/snapshots', async (exchange) =>
      exchange.json(200, (await volumes.snapshots(exchange.parameter('name'))).map(snapshotJson)),
    ),
    route('POST', '/volumes/{name}/snapshots', async (exchange) => {
      const snapshot = await volumes.snapshot(exchange.parameter('name'), await text(exchange, 'Name'));
      exchange.json(201, snapshotJson(snapshot));
    }),
    route('DELETE', '/volumes/{name}/snapshots/{snapshot}', async (exchange) => {
      await volumes.removeSnapshot(exchange.parameter('name'), exchange.parameter('snapshot'));
      exchange.empty(204);
    }),
    route('POST', '/volumes/{name}/restore', async (exchange) => {
      await volumes.restore(exchange.parameter('name'), await text(exchange, 'Snapshot'));
      exchange.empty(204);
    }),
  ];
}

function remote(exchange: Exchange) {
  const reference = textParameter(exchange.query, 'reference');
  const { domain } = parseReference(reference);
  return {
    reference,
    credentials: credentialsFor(domain, decodeRegistryAuth(exchange.header('x-registry-auth'))),
  };
}
