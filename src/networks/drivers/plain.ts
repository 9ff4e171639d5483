/** `--network host` and `--network none`: nothing to make, nothing to publish. With `none` only loopback is there. */
import { type Driver, emptyEndpoint } from '../driver.ts';
import type { Network } from '../model.ts';

export function plainDriver(network: Network): Driver {
  return {
    network,
    onLink: false,
    open: async () => false,
    remove: async () => {},
    rules: () => null,
    ways: () => [],
    reserve: (place) => emptyEndpoint(network, place),
    adopt: () => {},
    free: () => {},
    link: () => [],
    unlink: () => [],
  };
}
