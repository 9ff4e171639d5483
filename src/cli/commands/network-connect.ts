import type { EndpointSettings, NetworkConnectBody } from '../../api/types/networks.ts';
import { type Command, exactly } from '../command.ts';
import { pairsToMap } from '../create/files.ts';
import { checkLink } from '../create/validators.ts';
import { exitCode } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { givenName, networkPath } from './network-path.ts';

export const command: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  args: exactly(2),
  flags: [
    { name: 'alias', type: 'strings', usage: 'Add network-scoped alias for the container' },
    { name: 'driver-opt', type: 'strings', usage: 'driver options for the network' },
    {
      name: 'gw-priority',
      type: 'int',
      usage: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
    },
    { name: 'ip', type: 'string', usage: 'IPv4 address (e.g., "172.30.100.104")' },
    { name: 'ip6', type: 'string', usage: 'IPv6 address (e.g., "2001:db8::33")' },
    { name: 'link', type: 'list', usage: 'Add link to another container', check: checkLink },
    { name: 'link-local-ip', type: 'strings', usage: 'Add a link-local address for the container' },
  ],
  async run({ args: [network = '', container = ''], flags, client }) {
    const path = networkPath(network, '/connect');
    const json: NetworkConnectBody = {
      Container: givenName('container', container),
      EndpointConfig: endpointConfig(flags),
    };
    await client.call('POST', path, { body: { json } });
    return exitCode.success;
  },
};
function endpointConfig(flags: FlagValues): Partial<EndpointSettings> {
  const [ip, ip6] = [flags.string('ip'), flags.string('ip6')];
  const linkLocal = flags.list('link-local-ip');
  const driverOptions = flags.list('driver-opt');
  if (driverOptions.some((option) => option.indexOf('=') < 1))
    throw new Error('invalid key/value pair format in driver options');
  return {
    Aliases: [...flags.list('alias')],
    Links: [...flags.list('link')],
    DriverOpts: pairsToMap(driverOptions),
    GwPriority: flags.integer('gw-priority'),
    IPAMConfig: {
      ...(ip ? { IPv4Address: ip } : {}),
      ...(ip6 ? { IPv6Address: ip6 } : {}),
      ...(linkLocal.length > 0 ? { LinkLocalIPs: [...linkLocal] } : {}),
    },
  };
}
