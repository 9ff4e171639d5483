/** `--network name` and `--network name=x,alias=y,ip=…`, merged with the older options for the first network. */
import type { EndpointSettings } from '../../api/types/networks.ts';
import { parseCsv } from '../flags/csv.ts';
import type { FlagValues } from '../flags/parse.ts';
import { checkMac } from './validators.ts';

interface Attachment {
  target: string;
  aliases: string[];
  links: string[];
  ip: string;
  ip6: string;
  linkLocal: string[];
  mac: string;
  driverOpts: Record<string, string>;
  priority: number;
}

export interface NetworkSettings {
  mode: string;
  endpoints: Record<string, Partial<EndpointSettings>>;
}

function attachment(target: string): Attachment {
  return {
    target,
    aliases: [],
    links: [],
    ip: '',
    ip6: '',
    linkLocal: [],
    mac: '',
    driverOpts: {},
    priority: 0,
  };
}

/** Reads one `--network` value; used as its check as well. */
export function parseNetwork(value: string): Attachment {
  if (!/\w+=\w+(,\w+=\w+)*/.test(value)) return attachment(value);
  const network = attachment('');
  for (const field of parseCsv(value)) {
    const equals = field.indexOf('=');
    if (equals < 1) throw new Error(`invalid field ${field}`);
    setField(network, field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim());
  }
  if (network.target === '') throw new Error('network name/id is not specified');
  return network;
}

function setField(network: Attachment, key: string, value: string): void {
  if (key === 'name') network.target = value;
  else if (key === 'alias') network.aliases.push(value);
  else if (key === 'ip') network.ip = value;
  else if (key === 'ip6') network.ip6 = value;
  else if (key === 'mac-address') network.mac = value;
  else if (key === 'link-local-ip') network.linkLocal.push(value);
  else if (key === 'gw-priority') network.priority = priorityOf(value);
  else if (key === 'driver-opt') {
    const equals = value.indexOf('=');
    if (equals < 1) throw new Error('invalid key value pair format in driver options');
    network.driverOpts[value.slice(0, equals).trim()] = value.slice(equals + 1).trim();
  } else throw new Error(`invalid field key ${key}`);
}

/** A whole number of 64 bits, without the bases and underscores that options take. */
function priorityOf(value: string): number {
  const wrong = (why: string) => new Error(`invalid gw-priority (${value}): ${why}`);
  if (!/^[+-]?\d+$/.test(value)) throw wrong('invalid syntax');
  const priority = BigInt(value.replace(/^\+/, ''));
  if (BigInt.asIntN(64, priority) !== priority) throw wrong('value out of range');
  return Number(priority);
}

const builtIn = new Set(['', 'default', 'bridge', 'host', 'none']);

function isUserDefined(mode: string): boolean {
  return !builtIn.has(mode) && !mode.startsWith('container:');
}

export function parseNetworks(flags: FlagValues): NetworkSettings {
  const networks = flags.list('network').map(parseNetwork);
  if (networks.length === 0) networks.push(attachment('default'));
  const [first] = networks;
  if (first) addContainerOptions(first, flags);
  checkMixture(networks);
  const endpoints: Record<string, Partial<EndpointSettings>> = {};
  for (const network of networks) {
    const settings = endpointOf(network);
    if (endpoints[network.target])
      throw new Error(`network ${JSON.stringify(network.target)} is specified multiple times`);
    endpoints[network.target] = settings;
  }
  const alone = Object.values(endpoints);
  const empty = alone.length === 1 && Object.keys(alone[0] ?? {}).length === 0;
  return { mode: first?.target ?? 'default', endpoints: empty ? {} : endpoints };
}

function checkMixture(networks: readonly Attachment[]): void {
  const own = networks.filter((network) => isUserDefined(network.target)).length;
  if (own > 0 && own < networks.length)
    throw new Error(
      'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
    );
}

function addContainerOptions(network: Attachment, flags: FlagValues): void {
  const conflict = (both: string) => new Error(`conflicting options: cannot specify both ${both}`);
  const aliases = flags.list('network-alias');
  const links = flags.list('link');
  const [ip, ip6, mac] = [flags.string('ip'), flags.string('ip6'), flags.string('mac-address')];
  if (network.aliases.length > 0 && aliases.length > 0)
    throw conflict('--network-alias and per-network alias');
  if (network.links.length > 0 && links.length > 0) throw conflict('--link and per-network links');
  if (network.ip && ip) throw conflict('--ip and per-network IPv4 address');
  if (network.ip6 && ip6) throw conflict('--ip6 and per-network IPv6 address');
  if (network.mac && mac) throw conflict('--mac-address and per-network MAC address');
  if (network.linkLocal.length > 0 && flags.list('link-local-ip').length > 0)
    throw conflict('--link-local-ip and per-network link-local IP addresses');
  if (aliases.length > 0) network.aliases = [...aliases];
  if (links.length > 0 && isUserDefined(network.target)) network.links = [...links];
  network.ip ||= ip;
  network.ip6 ||= ip6;
  network.mac ||= mac;
  network.linkLocal.push(...flags.list('link-local-ip'));
}

function endpointOf(network: Attachment): Partial<EndpointSettings> {
  if (network.target.trim() === '') throw new Error('no name set for network');
  if (!isUserDefined(network.target)) {
    if (network.aliases.length > 0)
      throw new Error('network-scoped aliases are only supported for user-defined networks');
    if (network.links.length > 0 && network.target !== 'default' && network.target !== 'bridge')
      throw new Error('links are only supported for user-defined networks');
  }
  if (network.mac) checkMac(network.mac);
  const { ip, ip6, linkLocal } = network;
  return {
    ...(network.aliases.length > 0 ? { Aliases: network.aliases } : {}),
    ...(Object.keys(network.driverOpts).length > 0 ? { DriverOpts: network.driverOpts } : {}),
    ...(network.links.length > 0 ? { Links: network.links } : {}),
    ...(network.mac ? { MacAddress: network.mac } : {}),
    ...(network.priority ? { GwPriority: network.priority } : {}),
    ...(ip || ip6 || linkLocal.length > 0
      ? {
          IPAMConfig: {
            ...(ip ? { IPv4Address: ip } : {}),
            ...(ip6 ? { IPv6Address: ip6 } : {}),
            ...(linkLocal.length > 0 ? { LinkLocalIPs: linkLocal } : {}),
          },
        }
      : {}),
  };
}
