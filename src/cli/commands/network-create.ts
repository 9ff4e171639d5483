import type { IPAMConfig, NetworkCreateBody, NetworkCreateResponse } from '../../api/types/networks.ts';
import { type Command, exactly } from '../command.ts';
import { pairsToMap } from '../create/files.ts';
import { checkLabel } from '../create/validators.ts';
import { ExitError, exitCode } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { writeErr, writeLine } from '../terminal/output.ts';

export const command: Command = {
  usage: '[OPTIONS] NETWORK',
  args: exactly(1),
  flags: [
    { name: 'attachable', type: 'bool', usage: 'Enable manual container attachment' },
    {
      name: 'aux-address',
      type: 'map',
      usage: 'Auxiliary IPv4 or IPv6 addresses used by Network driver',
      default: 'map[]',
    },
    { name: 'config-from', type: 'string', usage: 'The network from which to copy the configuration' },
    { name: 'config-only', type: 'bool', usage: 'Create a configuration only network' },
    { name: 'driver', short: 'd', type: 'string', usage: 'Driver to manage the Network', default: 'bridge' },
    { name: 'gateway', type: 'strings', usage: 'IPv4 or IPv6 Gateway for the master subnet' },
    { name: 'ingress', type: 'bool', usage: 'Create swarm routing-mesh network' },
    { name: 'internal', type: 'bool', usage: 'Restrict external access to the network' },
    { name: 'ip-range', type: 'strings', usage: 'Allocate container ip from a sub-range' },
    { name: 'ipam-driver', type: 'string', usage: 'IP Address Management Driver', default: 'default' },
    { name: 'ipam-opt', type: 'map', usage: 'Set IPAM driver specific options', default: 'map[]' },
    { name: 'ipv4', type: 'bool', usage: 'Enable or disable IPv4 address assignment', default: 'true' },
    { name: 'ipv6', type: 'bool', usage: 'Enable or disable IPv6 address assignment' },
    { name: 'label', type: 'list', usage: 'Set metadata on a network', check: checkLabel },
    { name: 'opt', short: 'o', type: 'map', usage: 'Set driver specific options', default: 'map[]' },
    { name: 'scope', type: 'string', usage: "Control the network's scope" },
    { name: 'subnet', type: 'strings', usage: 'Subnet in CIDR format that represents a network segment' },
  ],
  async run({ args: [Name = ''], flags, client }) {
    const json = body(Name, flags);
    const created = await client.json<NetworkCreateResponse>('POST', '/networks/create', { body: { json } });
    if (created.Warning) writeErr(`WARNING: ${created.Warning}\n`);
    writeLine(created.Id);
    return exitCode.success;
  },
};

function body(Name: string, flags: FlagValues): NetworkCreateBody {
  return {
    Name,
    Driver: flags.string('driver'),
    Scope: flags.string('scope'),
    ...(flags.changed('ipv4') ? { EnableIPv4: flags.bool('ipv4') } : {}),
    ...(flags.changed('ipv6') ? { EnableIPv6: flags.bool('ipv6') } : {}),
    IPAM: {
      Driver: flags.string('ipam-driver'),
      Options: pairsToMap(flags.list('ipam-opt')),
      Config: addressing(flags),
    },
    Internal: flags.bool('internal'),
    Attachable: flags.bool('attachable'),
    Ingress: flags.bool('ingress'),
    ConfigOnly: flags.bool('config-only'),
    ...(flags.string('config-from') ? { ConfigFrom: { Network: flags.string('config-from') } } : {}),
    Options: pairsToMap(flags.list('opt')),
    Labels: pairsToMap(flags.list('label')),
  };
}

/** Each range, gateway and auxiliary address goes to the subnet that contains it. */
function addressing(flags: FlagValues): IPAMConfig[] {
  const split = (name: string) => flags.list(name).flatMap((value) => value.split(','));
  const [ranges, gateways] = [split('ip-range'), split('gateway')];
  const auxiliary = Object.entries(pairsToMap(flags.list('aux-address')));
  const configs: IPAMConfig[] = split('subnet').map((Subnet) => ({ Subnet }));
  if (configs.length < ranges.length || configs.length < gateways.length)
    throw new ExitError('every ip-range or gateway must have a corresponding subnet');
  const place = (address: string, what: string, set: (config: IPAMConfig) => void) => {
    const config = configs.find((candidate) => contains(candidate.Subnet ?? '', address));
    if (!config) throw new ExitError(`no matching subnet for ${what} ${address}`);
    set(config);
  };
  for (const range of ranges) place(range, 'range', (config) => Object.assign(config, { IPRange: range }));
  for (const gateway of gateways)
    place(gateway, 'gateway', (config) => Object.assign(config, { Gateway: gateway }));
  for (const [name, address] of auxiliary)
    place(address, 'aux-address', (config) => {
      config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
    });
  return configs;
}

function contains(subnet: string, address: string): boolean {
  const [network = '', bits = ''] = subnet.split('/');
  const [inner = ''] = address.split('/');
  const [a, b] = [numeric(network), numeric(inner)];
  if (a === null || b === null || a.size !== b.size) return false;
  const shift = BigInt(a.size - Number(bits));
  return a.value >> shift === b.value >> shift;
}

/** An address as a number, with its length in bits. */
function numeric(ip: string): { value: bigint; size: number } | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(ip))
    return { value: ip.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n), size: 32 };
  if (!/^[0-9a-fA-F:]+$/.test(ip)) return null;
  const [head = '', tail] = ip.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  if (left.length + right.length + zeros !== 8 || zeros < 0) return null;
  const all = [...left, ...new Array<string>(zeros).fill('0'), ...right];
  return { value: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), size: 128 };
}
