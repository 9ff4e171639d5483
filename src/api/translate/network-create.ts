/** Requests that change networks. */
import { forbidden, invalid } from '../../lib/errors.ts';
import type { EndpointRequest, Ipam, NetworkRequest } from '../../networks/model.ts';
import { parseBool } from '../http/query.ts';
import { checkEndpoint, parseEndpoint } from './endpoint-request.ts';
import { Fields } from './fields.ts';
import { checkIpam } from './ipam-check.ts';

/** Which names are taken, which subnets free and which drivers there is the noun's to know. */
export function parseNetworkCreate(body: unknown, version: number): NetworkRequest {
  const fields = Fields.of(body, 'CreateRequest');
  const options = fields.textMap('Options');
  const request: NetworkRequest = {
    name: fields.text('Name'),
    driver: fields.text('Driver') || 'bridge',
    internal: fields.boolean('Internal'),
    attachable: fields.boolean('Attachable'),
    enableIpv4: isEnabled(options, 'ipv4', version < 48 ? null : fields.booleanOrNull('EnableIPv4'), true),
    enableIpv6: isEnabled(options, 'ipv6', fields.booleanOrNull('EnableIPv6'), false),
    configOnly: fields.boolean('ConfigOnly'),
    configFrom: fields.object('ConfigFrom')?.text('Network') ?? '',
    ipam: parseIpam(fields.object('IPAM')),
    options,
    labels: fields.textMap('Labels'),
  };
  if (request.name.trim() === '') throw invalid('invalid name: name is empty');
  checkIpam(request.ipam.config, request.enableIpv6);
  checkConfiguration(request, fields);
  checkScope(request, fields);
  return request;
}

function parseIpam(ipam: Fields | null): Ipam {
  return {
    driver: ipam?.text('Driver') || 'default',
    options: ipam?.has('Options') ? ipam.textMap('Options') : null,
    config:
      ipam?.list('Config', (pool) => ({
        subnet: pool.text('Subnet'),
        gateway: pool.text('Gateway'),
        ipRange: pool.text('IPRange'),
        auxiliary: pool.textMap('AuxiliaryAddresses'),
      })) ?? [],
  };
}

/** By its own field, else by a driver option; where the field is given the option goes. */
function isEnabled(
  options: Record<string, string>,
  family: 'ipv4' | 'ipv6',
  given: boolean | null,
  fallback: boolean,
): boolean {
  const name = `com.docker.network.enable_${family}`;
  const text = options[name];
  if (given !== null) delete options[name];
  if (given !== null || text === undefined) return given ?? fallback;
  const value = parseBool(text);
  if (value === null) throw invalid(`driver-opt ${JSON.stringify(name)} is not a valid bool`);
  return value;
}

/** Networks are of this host: what only a swarm has is refused as on a node that is not in one. */
function checkScope({ driver }: NetworkRequest, fields: Fields): void {
  const scope = fields.text('Scope');
  if (driver === 'overlay')
    throw forbidden(
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  if (fields.boolean('Ingress')) throw forbidden('Ingress network can only be global scope network');
  if (scope === 'swarm') throw forbidden('cannot create a swarm scoped network when swarm is not active');
  if (scope !== '' && scope !== 'local')
    throw invalid(`network scope ${JSON.stringify(scope)} is not supported: networks here are local`);
}

/** A network that is only configuration, and one that takes it from there, have nothing else of their own. */
function checkConfiguration(request: NetworkRequest, fields: Fields): void {
  const { configOnly, configFrom, ipam } = request;
  const ofOperators = request.internal || request.attachable || fields.boolean('Ingress');
  if (configOnly && (ofOperators || fields.text('Scope') !== ''))
    throw forbidden(
      'configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.',
    );
  if (configFrom === '') return;
  if (configOnly) throw forbidden('a configuration network cannot depend on another configuration network');
  const isSet = (map: object) => Object.keys(map).length > 0;
  const addressing = ipam.driver !== 'default' || isSet(ipam.options ?? {}) || ipam.config.length > 0;
  if (addressing || !request.enableIpv4 || request.enableIpv6 || isSet(request.labels))
    throw forbidden(
      'user-specified configurations are not supported if the network depends on a configuration network',
    );
  if (isSet(request.options))
    throw forbidden(
      'network driver options are not supported if the network depends on a configuration network',
    );
}

export function parseConnect(
  body: unknown,
  network: string,
  version: number,
): { container: string; request: EndpointRequest } {
  const fields = Fields.of(body, 'ConnectRequest');
  const endpoint = fields.object('EndpointConfig') ?? Fields.of(null, 'ConnectRequest');
  const request = parseEndpoint(endpoint, version);
  checkEndpoint(network, request);
  return { container: fields.text('Container'), request };
}

export function parseDisconnect(body: unknown): { container: string; force: boolean } {
  const fields = Fields.of(body, 'DisconnectRequest');
  return { container: fields.text('Container'), force: fields.boolean('Force') };
}
