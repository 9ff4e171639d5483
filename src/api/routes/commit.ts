/** Making an image of what a container changed. */
import type { Containers } from '../../containers/service.ts';
import type { Log } from '../../lib/op.ts';
import { readJson } from '../http/body.ts';
import { booleanParameter, newNameParameter, textParameter } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { parseCommitConfig } from '../translate/create.ts';

export function commitRoutes(containers: Pick<Containers, 'commit'>, log: Log): Route[] {
  return [
    route('POST', '/commit', async (exchange) => {
      const { query, signal, version } = exchange;
      const request = {
        config: parseCommitConfig(await readJson(exchange), version),
        name: newNameParameter(query),
        author: textParameter(query, 'author'),
        comment: textParameter(query, 'comment'),
        changes: query.getAll('changes'),
        pause: booleanParameter(query, 'pause', true),
      };
      const op = { signal, log, progress: () => {} };
      exchange.json(201, { Id: await containers.commit(textParameter(query, 'container'), request, op) });
    }),
  ];
}
