/** Requests that change networks. */
import { invalid } from '../../lib/errors.ts';
import type { EndpointRequest } from '../../networks/model.ts';
import { parseEndpoint } from './create.ts';
import { Fields } from './fields.ts';

export interface NetworkCreate {
  name: string;
  driver: string;
  internal: boolean;
  attachable: boolean;
  enableIpv4: boolean;
  enableIpv6: boolean;
  ipam: {
    driver: string;
    options: Record<string, string>;
    config: { subnet: string; gateway: string; ipRange: string; auxiliary: Record<string, string> }[];
  };
  options: Record<string, string>;
  labels: Record<string, string>;
}

export function parseNetworkCreate(body: unknown, version: number): NetworkCreate {
  const fields = Fields.of(body, 'CreateRequest');
  const ipam = fields.object('IPAM');
  const scope = fields.text('Scope');
  if (scope === 'swarm' || fields.boolean('Ingress'))
    throw invalid('This node is not a swarm manager. Swarm-scoped networks are not available.');
  return {
    name: fields.text('Name'),
    driver: fields.text('Driver') || 'bridge',
    internal: fields.boolean('Internal'),
    attachable: fields.boolean('Attachable'),
    enableIpv4: version < 48 || (fields.booleanOrNull('EnableIPv4') ?? true),
    enableIpv6: fields.boolean('EnableIPv6'),
    ipam: {
      driver: ipam?.text('Driver') || 'default',
      options: ipam?.textMap('Options') ?? {},
      config:
        ipam?.list('Config', (pool) => ({
          subnet: pool.text('Subnet'),
          gateway: pool.text('Gateway'),
          ipRange: pool.text('IPRange'),
          auxiliary: pool.textMap('AuxiliaryAddresses'),
        })) ?? [],
    },
    options: fields.textMap('Options'),
    labels: fields.textMap('Labels'),
  };
}

export function parseConnect(
  body: unknown,
  version: number,
): { container: string; request: EndpointRequest } {
  const fields = Fields.of(body, 'ConnectRequest');
  const endpoint = fields.object('EndpointConfig') ?? Fields.of(null, 'ConnectRequest');
  return { container: fields.text('Container'), request: parseEndpoint(endpoint, version) };
}

export function parseDisconnect(body: unknown): { container: string; force: boolean } {
  const fields = Fields.of(body, 'DisconnectRequest');
  return { container: fields.text('Container'), force: fields.boolean('Force') };
}
