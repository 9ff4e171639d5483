/**
 * What an engine says of its networks, and what the kernel has: two lists of sentences that must be equal. Everything that is
 * there and in no record is a sentence of the second list alone.
 */
import { readFileSync } from 'node:fs';
import { formatAddress } from '../../src/lib/ip.ts';
import { parseRoutes } from '../../src/linux/routes.ts';
import { succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { forwardings, networksOfTable } from './table-of.ts';

interface EndpointRecord {
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  MacAddress: string;
  NetworkID: string;
}

interface ContainerRecord {
  Name: string;
  State: { Running: boolean; Pid: number };
  NetworkSettings: {
    Networks: Record<string, EndpointRecord>;
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
}

interface NetworkRecord {
  Id: string;
  Name: string;
  Driver: string;
  Options: Record<string, string>;
  IPAM: { Config: { Subnet: string; Gateway: string }[] };
}

interface Link {
  ifindex: number;
  ifname: string;
  link_index?: number;
  master?: string;
  address: string;
  addr_info: { local: string; prefixlen: number; scope: string }[];
}

async function ask<T>(engine: TestEngine, path: string): Promise<T> {
  return (await (await engine.api(path)).json()) as T;
}

async function runningContainers(engine: TestEngine): Promise<ContainerRecord[]> {
  const list: ContainerRecord[] = [];
  // One after the other: whoever counts the daemon's sockets afterwards does not count ours.
  for (const { Id } of await ask<{ Id: string }[]>(engine, '/containers/json'))
    list.push(await ask<ContainerRecord>(engine, `/containers/${Id}/json`));
  return list;
}

async function bridges(engine: TestEngine): Promise<NetworkRecord[]> {
  const list = await ask<NetworkRecord[]>(engine, '/networks');
  return list.filter(({ Driver }) => Driver === 'bridge');
}

const linkOf = ({ Id, Options }: NetworkRecord) =>
  Options['com.docker.network.bridge.name'] ?? `br-${Id.slice(0, 12)}`;

/** The first by name that has the family leads to the world and carries the published ports. */
function wayOf({ NetworkSettings }: ContainerRecord, family: 4 | 6): { gateway: string; address: string } {
  const ways = Object.entries(NetworkSettings.Networks)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { Gateway, IPAddress, IPv6Gateway, GlobalIPv6Address }]) =>
      family === 4
        ? { gateway: Gateway, address: IPAddress }
        : { gateway: IPv6Gateway, address: GlobalIPv6Address },
    );
  return ways.find(({ address }) => address !== '') ?? { gateway: '', address: '' };
}

function ofContainer(container: ContainerRecord, bridgeOf: ReadonlyMap<string, string>): string[] {
  const { Name, NetworkSettings } = container;
  const named = Object.keys(NetworkSettings.Networks).some((name) => name !== 'bridge');
  const lines = [`${Name} asks ${named ? 'us' : 'others'} for names`];
  for (const { gateway } of [wayOf(container, 4), wayOf(container, 6)])
    if (gateway !== '') lines.push(`${Name} default via ${gateway}`);
  for (const endpoint of Object.values(NetworkSettings.Networks)) {
    const { IPAddress, IPPrefixLen, GlobalIPv6Address, GlobalIPv6PrefixLen } = endpoint;
    const addresses = [`${IPAddress}/${IPPrefixLen}`];
    if (GlobalIPv6Address !== '') addresses.push(`${GlobalIPv6Address}/${GlobalIPv6PrefixLen}`);
    lines.push(
      `${Name} ${addresses.join(' ')} ${endpoint.MacAddress} on ${bridgeOf.get(endpoint.NetworkID)}`,
    );
    for (const address of addresses) lines.push(`${Name} knows itself as ${address.split('/')[0]}`);
  }
  for (const [key, list] of Object.entries(NetworkSettings.Ports)) {
    const [port, protocol] = key.split('/');
    for (const { HostIp, HostPort } of list ?? []) {
      const { address } = wayOf(container, HostIp.includes(':') ? 6 : 4);
      lines.push(`${protocol} ${HostIp}:${HostPort} leads to ${address}:${port}`);
    }
  }
  return lines;
}

export async function recorded(engine: TestEngine): Promise<string[]> {
  const networks = await bridges(engine);
  const containers = await runningContainers(engine);
  const bridgeOf = new Map(networks.map((network) => [network.Id, linkOf(network)]));
  const ofNetworks = networks.flatMap((network) => {
    const own = network.IPAM.Config.map(({ Subnet, Gateway }) => `${Gateway}/${Subnet.split('/')[1]}`);
    return [`bridge ${linkOf(network)} ${own.join(' ')}`, `rules of ${linkOf(network)}`];
  });
  return [...ofNetworks, ...containers.flatMap((container) => ofContainer(container, bridgeOf))].sort();
}

export async function inKernel(engine: TestEngine): Promise<string[]> {
  const { prefix } = engine.network;
  const ruleset = await succeed([...prefix, 'nft', '-j', 'list', 'ruleset']);
  const outer = JSON.parse(await succeed([...prefix, 'ip', '-j', 'address', 'show'])) as Link[];
  const bridgeNames = new Set(
    (await succeed([...prefix, 'ip', '-o', 'link', 'show', 'type', 'bridge'])).match(/(?<=^\d+: )[^:@]+/gm),
  );
  const unclaimed = new Map(
    outer.filter(({ ifname }) => ifname.startsWith('veth')).map((link) => [link.ifindex, link]),
  );
  const lines = outer
    .filter(({ ifname }) => bridgeNames.has(ifname))
    .map(({ ifname, addr_info }) => `bridge ${ifname} ${addressOf(addr_info)}`);
  for (const { Name, State } of await runningContainers(engine)) {
    const inside = await insideOf(State.Pid);
    for (const link of inside.links) {
      if (link.ifname === 'lo') continue;
      const master = unclaimed.get(link.link_index ?? 0)?.master;
      unclaimed.delete(link.link_index ?? 0);
      lines.push(`${Name} ${addressOf(link.addr_info)} ${link.address} on ${master}`);
    }
    lines.push(...inside.facts.map((fact) => `${Name} ${fact}`));
  }
  for (const { ifname, master } of unclaimed.values()) lines.push(`${ifname} of nobody on ${master}`);
  lines.push(...networksOfTable(ruleset).map((name) => `rules of ${name}`), ...forwardings(ruleset));
  return lines.sort();
}

const addressOf = (list: Link['addr_info']) =>
  list
    .filter(({ scope }) => scope === 'global')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
    .join(' ');

/** Links, and what is said by routes and by the files that programs look names up in. */
async function insideOf(pid: number): Promise<{ links: Link[]; facts: string[] }> {
  const links = await succeed(['nsenter', `--net=/proc/${pid}/ns/net`, 'ip', '-j', 'address', 'show']);
  const file = (path: string) => readFileSync(`/proc/${pid}/${path}`, 'utf8');
  const own = file('root/etc/hosts').match(/^\S+(?=\s+[0-9a-f]{12}$)/gm) ?? [];
  const asks = file('root/etc/resolv.conf').includes('nameserver 127.0.0.11') ? 'us' : 'others';
  const facts = [
    ...gateways(file('net/route'), file('net/ipv6_route')).map((address) => `default via ${address}`),
    ...own.map((address) => `knows itself as ${address}`),
    `asks ${asks} for names`,
  ];
  return { links: JSON.parse(links) as Link[], facts };
}

/** Of the default routes in /proc/net/route and /proc/net/ipv6_route. */
function gateways(routes: string, routes6: string): string[] {
  const list = parseRoutes(routes)
    .filter(({ prefix }) => prefix === 0)
    .map(({ gateway }) => formatAddress({ family: 4, value: BigInt(gateway) }));
  const list6 = [...routes6.matchAll(/^0{32} 00 \S+ \S+ (\S+) .*(?<! lo)$/gm)].map(([, digits]) =>
    formatAddress({ family: 6, value: BigInt(`0x${digits}`) }),
  );
  return [...list, ...list6];
}
