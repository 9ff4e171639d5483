/** Attaching to a container's stdio: over a hijacked connection, or a websocket. */
import type { ContainerStream } from '../../containers/model.ts';
import type { Containers } from '../../containers/service.ts';
import { skipBody } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { connect, drained, finish, hijack, streamType } from '../http/hijack.ts';
import { booleanParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { acceptWebSocket, bridge } from '../http/websocket-stream.ts';

type Attaching = Pick<Containers, 'attach' | 'get' | 'logs'>;

interface AttachQuery {
  logs: boolean;
  stream: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  detachKeys: string;
}

function parseAttach({ query }: Exchange): AttachQuery {
  return {
    logs: booleanParameter(query, 'logs'),
    stream: booleanParameter(query, 'stream'),
    stdin: booleanParameter(query, 'stdin'),
    stdout: booleanParameter(query, 'stdout'),
    stderr: booleanParameter(query, 'stderr'),
    detachKeys: textParameter(query, 'detachKeys'),
  };
}

export function attachRoutes(containers: Attaching): Route[] {
  return [
    route('POST', '/containers/{id}/attach', (exchange) => attach(containers, exchange)),
    route('GET', '/containers/{id}/attach/ws', (exchange) => attachWebSocket(containers, exchange)),
  ];
}

/** What fails before the connection is taken over is an ordinary HTTP error. */
async function attach(containers: Attaching, exchange: Exchange): Promise<void> {
  const id = exchange.parameter('id');
  const query = parseAttach(exchange);
  // dockerode sends the query once more as a body.
  await skipBody(exchange);
  const stream = query.stream ? await containers.attach(id, query) : null;
  const past = query.logs ? await pastOutput(containers, id, query, exchange.signal) : null;
  const tty = stream?.tty ?? past?.tty ?? (await containers.get(id)).config.tty;
  const connection = hijack(exchange, streamType(tty, exchange.version));
  if (past) {
    for await (const chunk of past.stream)
      if (!connection.socket.write(chunk)) await drained(connection.socket);
  }
  if (stream) await connect(connection, stream);
  else finish(connection.socket);
}

function pastOutput(containers: Attaching, id: string, query: AttachQuery, signal: AbortSignal) {
  const { stdout, stderr } = query;
  const everything = { follow: false, since: 0, until: 0, timestamps: false, details: false, tail: -1 };
  return containers.logs(id, { ...everything, stdout, stderr }, signal);
}

/** Since 1.42 the flags count; before, a websocket was always attached to all three. */
async function attachWebSocket(containers: Attaching, exchange: Exchange): Promise<void> {
  const query = parseAttach(exchange);
  const all = exchange.version < 42;
  const handshake = acceptWebSocket(exchange);
  const stream: ContainerStream = await containers.attach(exchange.parameter('id'), {
    stdin: all || query.stdin,
    stdout: all || query.stdout,
    stderr: all || query.stderr,
    detachKeys: query.detachKeys,
  });
  await bridge(handshake(), stream);
}
