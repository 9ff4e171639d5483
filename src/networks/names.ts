/** What a container may resolve: the containers on its user-defined networks, then the world. */
import type { ContainerId } from '../lib/ids.ts';
import { driverOf, hasNames, type NetworkContext } from './context.ts';
import type { NameView } from './dns/model.ts';
import type { Endpoint, Member } from './model.ts';
import { hostResolver } from './resolver.ts';

/** Docker Desktop's name for the host; here it is the gateway of the first network that has one. */
const hostName = 'host.docker.internal';

interface Neighbour {
  member: Member;
  endpoint: Endpoint;
}

/** null: there is no such container, or it runs no more. */
export function nameView(context: NetworkContext, id: string): NameView | null {
  const member = context.members.get(id as ContainerId);
  if (!member) return null;
  const named = member.endpoints.filter((endpoint) => hasNames(driverOf(context, endpoint).network));
  const reachesWorld = member.endpoints.some(
    (endpoint) => driverOf(context, endpoint).ways(endpoint).length > 0,
  );
  return {
    lookup: (name) =>
      addressesOf(named.flatMap((own) => called(context, own, name))) ?? hostAddress(named, name),
    reverse: (address) =>
      nameOf(
        named.flatMap((own) => neighbours(context, own)),
        address,
      ),
    // Asked for when a name is not ours: until then the host's resolv.conf need not be read.
    get upstream() {
      return reachesWorld ? upstreamOf(member) : null;
    },
    get keepsBareNames() {
      return triesSearchList(member);
    },
  };
}

/** resolv.conf(5): with `ndots` of 1 or more a name without a dot is first tried with the domains of the search list. */
function triesSearchList({ dnsOptions }: Member): boolean {
  const options = dnsOptions.length > 0 ? dnsOptions : hostResolver().options;
  return options.some((option) => /^ndots:[1-9]/.test(option));
}

/** The host itself asks, so its own loopback servers serve too. */
const upstreamOf = ({ dnsServers }: Member): string[] =>
  dnsServers.length > 0 ? dnsServers : hostResolver().nameservers;

function neighbours(context: NetworkContext, { networkId }: Endpoint): Neighbour[] {
  return [...context.members.values()].flatMap((member) =>
    member.endpoints
      .filter((endpoint) => endpoint.networkId === networkId)
      .map((endpoint) => ({ member, endpoint })),
  );
}

/** `name`, or `name.network`; a link's alias is for its container alone. */
function called(context: NetworkContext, own: Endpoint, name: string): Neighbour[] {
  const suffix = `.${own.networkName.toLowerCase()}`;
  const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : null;
  const linked = own.request.links
    .map((link) => link.split(':'))
    .filter(([, alias = '']) => alias.toLowerCase() === name)
    .map(([target]) => target?.toLowerCase());
  const matches = (dnsName: string) => dnsName === name || dnsName === short || linked.includes(dnsName);
  return neighbours(context, own).filter(({ endpoint }) =>
    endpoint.dnsNames.some((dnsName) => matches(dnsName.toLowerCase())),
  );
}

function addressesOf(found: readonly Neighbour[]): ReturnType<NameView['lookup']> {
  if (found.length === 0) return null;
  const collect = (pick: (endpoint: Endpoint) => string) => [
    ...new Set(found.map(({ endpoint }) => pick(endpoint)).filter(Boolean)),
  ];
  return { ipv4: collect(({ ipAddress }) => ipAddress), ipv6: collect(({ ipv6Address }) => ipv6Address) };
}

function hostAddress(named: readonly Endpoint[], name: string): ReturnType<NameView['lookup']> {
  const endpoint = named.find(({ gateway, ipv6Gateway }) => gateway !== '' || ipv6Gateway !== '');
  if (name !== hostName || !endpoint) return null;
  const { gateway, ipv6Gateway } = endpoint;
  return { ipv4: [gateway].filter(Boolean), ipv6: [ipv6Gateway].filter(Boolean) };
}

function nameOf(all: readonly Neighbour[], address: string): string | null {
  const found = all.find(
    ({ endpoint }) => endpoint.ipAddress === address || endpoint.ipv6Address === address,
  );
  return found ? `${found.member.containerName}.${found.endpoint.networkName}` : null;
}
