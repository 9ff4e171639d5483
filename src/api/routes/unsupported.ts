/** Endpoints of Docker's API that this version does not serve: they exist, and say so. */
import { unsupported } from '../../lib/errors.ts';
import { type Route, route } from '../http/router.ts';

const endpoints = [
  ['POST', '/session', 'BuildKit'],
  ['POST', '/grpc', 'BuildKit'],
  ['GET', '/containers/{id}/checkpoints', 'checkpoint'],
  ['POST', '/containers/{id}/checkpoints', 'checkpoint'],
  ['DELETE', '/containers/{id}/checkpoints/{checkpoint}', 'checkpoint'],
  ['GET', '/images/{name*}/attestations', 'reading attestations'],
  ['GET', '/plugins/privileges', 'managed plugins'],
  ['POST', '/plugins/{rest*}', 'managed plugins'],
  ['DELETE', '/plugins/{name*}', 'managed plugins'],
] as const;

export function unsupportedRoutes(): Route[] {
  return endpoints.map(([method, path, what]) =>
    route(method, path, () => {
      throw unsupported(`${what} is not supported yet by this version of gantry`);
    }),
  );
}
