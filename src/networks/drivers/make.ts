/** The driver of a network. Throws when its options cannot be understood. */
import { bridgeIsFiltered } from '../../linux/bridge-filter.ts';
import type { NetworkContext } from '../context.ts';
import type { Driver } from '../driver.ts';
import type { Network } from '../model.ts';
import { BridgeDriver } from './bridge.ts';
import { ParentDriver } from './parent.ts';
import { plainDriver } from './plain.ts';

export function makeDriver(
  { defaultMtu, store }: Pick<NetworkContext, 'defaultMtu' | 'store'>,
  network: Network,
): Driver {
  switch (network.driver) {
    case 'bridge':
      return new BridgeDriver(network, {
        defaultMtu,
        filtered: bridgeIsFiltered,
        ours: () => store.madeLink(network.link),
      });
    case 'macvlan':
    case 'ipvlan':
      return new ParentDriver(network, network.driver);
    case 'host':
    case 'null':
      return plainDriver(network);
    default:
      return network.driver satisfies never;
  }
}
