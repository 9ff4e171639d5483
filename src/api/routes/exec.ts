/** Running more processes in a container. */

import type { Containers } from '../../containers/service.ts';
import { isKind, messageOf } from '../../lib/errors.ts';
import { readJson } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { frame, stdout } from '../http/frames.ts';
import { type Connection, connect, finish, hijack, streamType } from '../http/hijack.ts';
import { sizeParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { execJson, parseExecCreate, parseExecStart } from '../translate/exec.ts';
import type { IdResponse } from '../types/common.ts';

type Execs = Pick<Containers, 'createExec' | 'startExec' | 'getExec' | 'resizeExec'>;

export function execRoutes(containers: Execs): Route[] {
  return [
    route('POST', '/containers/{id}/exec', async (exchange) => {
      const request = parseExecCreate(await readJson(exchange), exchange.version);
      const id = await containers.createExec(exchange.parameter('id'), request);
      exchange.json(201, { Id: id } satisfies IdResponse);
    }),
    route('GET', '/exec/{id}/json', async (exchange) =>
      exchange.json(200, execJson(await containers.getExec(exchange.parameter('id')))),
    ),
    route('POST', '/exec/{id}/resize', async (exchange) => {
      const rows = sizeParameter(exchange.query, 'h');
      await containers.resizeExec(exchange.parameter('id'), rows, sizeParameter(exchange.query, 'w'));
      exchange.empty(200);
    }),
    route('POST', '/exec/{id}/start', (exchange) => start(containers, exchange)),
  ];
}

/**
 * An exec that does not exist or whose container does not run is an ordinary error. One whose program cannot be run is
 * told on the connection, as the output: that is where Docker's clients look for it.
 */
async function start(containers: Execs, exchange: Exchange): Promise<void> {
  const id = exchange.parameter('id');
  const options = parseExecStart(await readJson(exchange), exchange.version);
  const { request } = await containers.getExec(id);
  if (options.detach) {
    await containers.startExec(id, options);
    return exchange.empty(200);
  }
  let taken: Connection | null = null;
  const take = (): Connection => (taken ??= hijack(exchange, streamType(request.tty, exchange.version)));
  try {
    const starting = containers.startExec(id, options);
    // A refusal comes at once. Otherwise the header goes ahead, as Docker's does: clients that read it through a buffer
    // (docker-py) lose what comes in the same packet.
    await Promise.race([starting, new Promise(setImmediate)]);
    take();
    const { stream } = await starting;
    if (stream) await connect(take(), stream);
    else finish(take().socket);
  } catch (error) {
    if (exchange.socket.destroyed) return;
    if (!taken && (isKind(error, 'notFound') || isKind(error, 'conflict'))) throw error;
    const text = Buffer.from(`${messageOf(error)}\r\n`);
    const { socket } = take();
    socket.write(request.tty ? text : frame(stdout, text));
    finish(socket);
  }
}
