/** Columns of `network ls`. */
import type { Network } from '../../api/types/networks.ts';
import { labels } from './container-view.ts';
import { goTimeText } from './go-time.ts';
import { shortId } from './units.ts';
import type { View } from './view.ts';

export function networkView(full: boolean): View<Network> {
  return {
    typeName: '*network.networkContext',
    table: ['ID', 'Name', 'Driver', 'Scope'],
    columns: [
      { name: 'ID', title: 'NETWORK ID', value: (network) => (full ? network.Id : shortId(network.Id)) },
      { name: 'Name', title: 'NAME', value: (network) => network.Name },
      { name: 'Driver', title: 'DRIVER', value: (network) => network.Driver },
      { name: 'Scope', title: 'SCOPE', value: (network) => network.Scope },
      { name: 'IPv4', title: 'IPV4', value: (network) => String(network.EnableIPv4 ?? true) },
      { name: 'IPv6', title: 'IPV6', value: (network) => String(network.EnableIPv6) },
      { name: 'Internal', title: 'INTERNAL', value: (network) => String(network.Internal) },
      { name: 'Labels', title: 'LABELS', value: (network) => labels(network.Labels) },
      { name: 'CreatedAt', title: 'CREATED AT', value: (network) => goTimeText(network.Created) },
    ],
    methods: { Label: (network, name) => network.Labels?.[name] ?? '' },
  };
}
