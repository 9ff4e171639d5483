/**
 * What an engine says of its networks, and what the kernel has: two lists of sentences that must be equal. Everything that is
 * there and in no record is a sentence of the second list alone.
 */
import { readFileSync } from 'node:fs';
import { succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { forwardings, networksOfTable } from './table-of.ts';

interface EndpointRecord {
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
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

export async function runningContainers(engine: TestEngine): Promise<ContainerRecord[]> {
  const list = await ask<{ Id: string }[]>(engine, '/containers/json');
  return await Promise.all(list.map(({ Id }) => ask<ContainerRecord>(engine, `/containers/${Id}/json`)));
}

async function bridges(engine: TestEngine): Promise<NetworkRecord[]> {
  const list = await ask<NetworkRecord[]>(engine, '/networks');
  return list.filter(({ Driver }) => Driver === 'bridge');
}

const linkOf = ({ Id, Options }: NetworkRecord) =>
  Options['com.docker.network.bridge.name'] ?? `br-${Id.slice(0, 12)}`;

/** The first by name leads to the world and carries the published ports. */
const firstOf = ({ NetworkSettings }: ContainerRecord) =>
  Object.entries(NetworkSettings.Networks).sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];

export async function recorded(engine: TestEngine): Promise<string[]> {
  const [networks, containers] = await Promise.all([bridges(engine), runningContainers(engine)]);
  const bridgeOf = new Map(networks.map((network) => [network.Id, linkOf(network)]));
  const lines: string[] = [];
  for (const network of networks) {
    const { Subnet = '', Gateway = '' } = network.IPAM.Config[0] ?? {};
    lines.push(`bridge ${linkOf(network)} ${Gateway}/${Subnet.split('/')[1]}`, `rules of ${linkOf(network)}`);
  }
  for (const container of containers) {
    const { Name, NetworkSettings } = container;
    const first = firstOf(container);
    lines.push(`${Name} default via ${first?.Gateway}`);
    for (const endpoint of Object.values(NetworkSettings.Networks)) {
      const { IPAddress, IPPrefixLen, MacAddress, NetworkID } = endpoint;
      lines.push(`${Name} ${IPAddress}/${IPPrefixLen} ${MacAddress} on ${bridgeOf.get(NetworkID)}`);
      lines.push(`${Name} knows itself as ${IPAddress}`);
    }
    const named = Object.keys(NetworkSettings.Networks).some((name) => name !== 'bridge');
    lines.push(`${Name} asks ${named ? 'us' : 'others'} for names`);
    for (const [key, list] of Object.entries(NetworkSettings.Ports)) {
      const [port, protocol] = key.split('/');
      for (const { HostIp, HostPort } of list ?? [])
        lines.push(`${protocol} ${HostIp}:${HostPort} leads to ${first?.IPAddress}:${port}`);
    }
  }
  return lines.sort();
}

async function links(prefix: string[]): Promise<Link[]> {
  return JSON.parse(await succeed([...prefix, 'ip', '-j', 'address', 'show'])) as Link[];
}

export async function inKernel(engine: TestEngine): Promise<string[]> {
  const { prefix } = engine.network;
  const ruleset = await succeed([...prefix, 'nft', '-j', 'list', 'ruleset']);
  const outer = await links(prefix);
  const isBridge = new Set(
    (await succeed([...prefix, 'ip', '-o', 'link', 'show', 'type', 'bridge'])).match(/(?<=^\d+: )[^:@]+/gm),
  );
  const unclaimed = new Map(
    outer.filter(({ ifname }) => ifname.startsWith('veth')).map((link) => [link.ifindex, link]),
  );
  const lines = outer
    .filter(({ ifname }) => isBridge.has(ifname))
    .map(({ ifname, addr_info }) => `bridge ${ifname} ${addressOf(addr_info)}`);
  for (const { Name, State } of await runningContainers(engine)) {
    for (const link of await links(['nsenter', `--net=/proc/${State.Pid}/ns/net`])) {
      if (link.ifname === 'lo') continue;
      const master = unclaimed.get(link.link_index ?? 0)?.master;
      unclaimed.delete(link.link_index ?? 0);
      lines.push(`${Name} ${addressOf(link.addr_info)} ${link.address} on ${master}`);
    }
    lines.push(...(await insideOf(Name, State.Pid)));
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

/** Routes, and the files that programs look names up in. */
async function insideOf(name: string, pid: number): Promise<string[]> {
  const routes = await succeed([
    'nsenter',
    `--net=/proc/${pid}/ns/net`,
    'ip',
    '-4',
    'route',
    'show',
    'default',
  ]);
  const file = (path: string) => readFileSync(`/proc/${pid}/root/etc/${path}`, 'utf8');
  const own = file('hosts').match(/^\d+\.\d+\.\d+\.\d+(?=\s+[0-9a-f]{12}$)/gm) ?? [];
  return [
    ...[...routes.matchAll(/^default via (\S+)/gm)].map(([, via]) => `${name} default via ${via}`),
    ...own.map((address) => `${name} knows itself as ${address}`),
    `${name} asks ${file('resolv.conf').includes('nameserver 127.0.0.11') ? 'us' : 'others'} for names`,
  ];
}
