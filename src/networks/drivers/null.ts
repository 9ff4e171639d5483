/** `--network none`: a network namespace of its own with nothing but loopback. */
import { type Driver, emptyEndpoint } from '../driver.ts';
import type { Network } from '../model.ts';

export function nullDriver(network: Network): Driver {
  return {
    open: async () => {},
    attach: (request, endpointId) => ({
      endpoint: emptyEndpoint(network, request, endpointId),
      ports: [],
      operations: [{ op: 'link', side: 'inside', name: 'lo', up: true, mtu: 0, rename: '' }],
      hostsEntry: null,
    }),
    publish: async () => {},
    release: async () => {},
    recover: async () => {},
  };
}
