/** Waiting for an exit. */

import type { WaitCondition } from '../../containers/model.ts';
import type { Containers } from '../../containers/service.ts';
import { invalid } from '../../lib/errors.ts';
import { textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { begin } from '../http/stream.ts';
import type { ContainerWait } from '../types/containers.ts';

function parseCondition(text: string): WaitCondition {
  switch (text) {
    case '':
    case 'not-running':
      return 'not-running';
    case 'next-exit':
    case 'removed':
      return text;
    default:
      throw invalid(`invalid condition: ${JSON.stringify(text)}`);
  }
}

export function waitRoutes(containers: Pick<Containers, 'wait'>): Route[] {
  return [
    route('POST', '/containers/{id}/wait', async (exchange) => {
      const condition = parseCondition(textParameter(exchange.query, 'condition'));
      const { signal, response } = exchange;
      const { result } = await containers.wait(exchange.parameter('id'), condition, signal);
      // The headers tell the client that the wait is armed: only then does it start the container.
      begin(exchange, 'application/json');
      try {
        const { code, error } = await result;
        const answer: ContainerWait = { StatusCode: code, ...(error && { Error: { Message: error } }) };
        response.cork();
        response.end(`${JSON.stringify(answer)}\n`);
        response.uncork();
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }),
  ];
}
