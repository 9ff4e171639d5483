/** `--network host`: the container stays in the host's network namespace, so there is nothing to make and nothing to publish. */
import { type Driver, emptyEndpoint } from '../driver.ts';
import type { Network } from '../model.ts';

export function hostDriver(network: Network): Driver {
  return {
    open: async () => {},
    attach: (request, endpointId) => ({
      endpoint: emptyEndpoint(network, request, endpointId),
      ports: [],
      operations: [],
      hostsEntry: null,
    }),
    publish: async () => {},
    release: async () => {},
    recover: async () => {},
  };
}
