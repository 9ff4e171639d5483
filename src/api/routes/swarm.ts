/** Swarm and plugins: this engine is never part of a swarm and has no managed plugins; clients that look get Docker's answers. */
import { notFound, unavailable, unsupported } from '../../lib/errors.ts';
import { type Route, route } from '../http/router.ts';

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

const managerRoutes = [
  ['GET', '/swarm'],
  ['POST', '/swarm/update'],
  ['GET', '/swarm/unlockkey'],
  ['POST', '/swarm/unlock'],
  ...['nodes', 'services', 'tasks', 'secrets', 'configs'].flatMap(
    (noun) =>
      [
        ['GET', `/${noun}`],
        ['POST', `/${noun}/create`],
        ['GET', `/${noun}/{id}`],
        ['GET', `/${noun}/{id}/logs`],
        ['DELETE', `/${noun}/{id}`],
        ['POST', `/${noun}/{id}/update`],
      ] as const,
  ),
] as const;

export function swarmRoutes(): Route[] {
  return [
    ...managerRoutes.map(([method, path]) =>
      route(method, path, () => {
        throw unavailable(notManager);
      }),
    ),
    route('POST', '/swarm/leave', () => {
      throw unavailable('This node is not part of a swarm');
    }),
    ...(['/swarm/init', '/swarm/join'] as const).map((path) =>
      route('POST', path, () => {
        throw unsupported('swarm mode is not part of gantry');
      }),
    ),
    route('GET', '/plugins', (exchange) => exchange.json(200, [])),
    route('GET', '/plugins/{name*}/json', (exchange) => {
      throw notFound(`plugin ${JSON.stringify(exchange.parameter('name'))} not found`);
    }),
  ];
}
