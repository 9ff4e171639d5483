import type { NetworkCreateBody, NetworkCreateResponse } from '../../api/types/networks.ts';
import { type Command, exactly } from '../command.ts';
import { addressing } from '../create/addressing.ts';
import { pairsToMap } from '../create/files.ts';
import { checkLabel } from '../create/validators.ts';
import { exitCode } from '../exit.ts';
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
      Config: addressing({
        subnets: flags.list('subnet'),
        ranges: flags.list('ip-range'),
        gateways: flags.list('gateway'),
        auxiliary: pairsToMap(flags.list('aux-address')),
      }),
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
