/** /etc/hosts and /etc/resolv.conf of a container, written at each start; /etc/hostname is written at create. */
import { writeFileSync } from 'node:fs';
import type { Attachment } from '../networks/model.ts';
import type { Context } from './context.ts';
import { linkHosts } from './links.ts';
import type { Container } from './model.ts';
import { joinedContainer } from './validate-modes.ts';

const localEntries = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** `name:address` or `name=address`; the address may be host-gateway. */
export function extraHost(entry: string, gateway: string): string {
  const at = entry.search(/[:=]/);
  const address = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  return `${address === 'host-gateway' ? gateway : address}\t${entry.slice(0, at)}`;
}

export async function writeNetworkFiles(
  context: Context,
  container: Container,
  attachments: readonly Attachment[],
): Promise<void> {
  const { hostConfig, files } = container;
  if (joinedContainer(hostConfig.networkMode) !== null) return;
  const gateway = context.networks.hostGateway();
  const hosts = [...localEntries, ...hostConfig.extraHosts.map((entry) => extraHost(entry, gateway))];
  hosts.push(...linkHosts(context, container));
  for (const { hostsEntry } of attachments)
    if (hostsEntry !== null) hosts.push(`${hostsEntry.address}\t${hostsEntry.names.join(' ')}`);
  writeFileSync(files.hosts, `${hosts.join('\n')}\n`, { mode: 0o644 });
  writeFileSync(files.resolvConf, await resolvConf(context, container), { mode: 0o644 });
}

async function resolvConf(context: Context, { hostConfig }: Container): Promise<string> {
  const host = await context.networks.resolver(hostConfig.networkMode === 'host');
  const choose = (...lists: string[][]) => lists.find((list) => list.length > 0) ?? [];
  const nameservers = choose(hostConfig.dns, context.defaults.dns, host.nameservers);
  const search = choose(hostConfig.dnsSearch, host.search).filter((domain) => domain !== '.');
  const options = choose(hostConfig.dnsOptions, host.options);
  return [
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}
