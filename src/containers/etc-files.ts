/** /etc/hosts and /etc/resolv.conf of a container, written at each start; /etc/hostname is written at create. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Endpoint } from '../networks/model.ts';
import type { Context } from './context.ts';
import { linkHosts } from './links.ts';
import type { Container } from './model.ts';
import { joinedContainer } from './validate-modes.ts';

/** Where names are served to containers on user-defined networks. */
const nameServer = '127.0.0.11';

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

export async function writeNetworkFiles(context: Context, container: Container): Promise<void> {
  const { hostConfig, files } = container;
  if (joinedContainer(hostConfig.networkMode) !== null) return;
  writeFileSync(files.hosts, hostsText(context, container), { mode: 0o644 });
  writeFileSync(files.resolvConf, await resolvConf(context, container), { mode: 0o644 });
}

function hostsText(context: Context, container: Container): string {
  const gateway = context.networks.hostGateway();
  const lines = [
    ...localEntries,
    ...container.hostConfig.extraHosts.map((entry) => extraHost(entry, gateway)),
    ...linkHosts(context, container),
    ...container.endpoints.flatMap((endpoint) => ownEntries(container, endpoint)),
  ];
  return `${lines.join('\n')}\n`;
}

/** A fully qualified hostname also gets its first label, as in Docker. */
function ownNames({ config }: Container): string {
  const name = [config.hostname, config.domainname].filter(Boolean).join('.');
  return [...new Set([name, name.split('.')[0]])].filter(Boolean).join(' ');
}

const ownEntries = (container: Container, { ipAddress, ipv6Address }: Endpoint): string[] =>
  [ipAddress, ipv6Address].filter(Boolean).map((address) => `${address}\t${ownNames(container)}`);

/**
 * After a change of a running container's networks or links. The files are written in place, for they are bind mounted. In
 * /etc/hosts only our own lines change; /etc/resolv.conf is left alone when someone else has edited it.
 */
export async function updateNetworkFiles(
  context: Context,
  before: Container,
  after: Container,
): Promise<void> {
  const { hosts, resolvConf: resolver } = after.files;
  if (joinedContainer(after.hostConfig.networkMode) !== null) return;
  const [old, fresh] = [hostsText(context, before), hostsText(context, after)].map((text) =>
    text.trim().split('\n'),
  );
  replaceLines(hosts, old ?? [], fresh ?? []);
  const expected = await resolvConf(context, before);
  if (readFileSync(resolver, 'utf8') === expected) writeFileSync(resolver, await resolvConf(context, after));
}

function replaceLines(file: string, old: readonly string[], fresh: readonly string[]): void {
  const text = readFileSync(file, 'utf8');
  const kept = text
    .split('\n')
    .filter((line) => line !== '' && (fresh.includes(line) || !old.includes(line)));
  const added = fresh.filter((line) => !kept.includes(line));
  const result = `${[...kept, ...added].join('\n')}\n`;
  if (result !== text) writeFileSync(file, result);
}

/** Lines of links begin with another address now; the names tell which they are. */
export function replaceLinkLines({ files }: Container, lines: readonly string[]): void {
  replaceNamed(files.hosts, new Set(lines.map(namesIn)), lines);
}

const namesIn = (line: string): string => line.split('\t')[1] ?? '';

function replaceNamed(file: string, names: ReadonlySet<string>, fresh: readonly string[]): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  replaceLines(
    file,
    lines.filter((line) => names.has(namesIn(line))),
    fresh,
  );
}

/** Of a container that runs: a predecessor may have died between a change of its networks or links and that of the files. */
export async function mendNetworkFiles(context: Context, container: Container): Promise<void> {
  const { hostConfig, files, endpoints } = container;
  if (joinedContainer(hostConfig.networkMode) !== null) return;
  const names = new Set([ownNames(container), ...linkHosts(context, container).map(namesIn)]);
  replaceNamed(files.hosts, names, hostsText(context, container).trim().split('\n'));
  const stale = await resolvConf(context, container, !context.networks.servesNames(endpoints));
  if (readFileSync(files.resolvConf, 'utf8') === stale)
    writeFileSync(files.resolvConf, await resolvConf(context, container));
}

async function resolvConf(
  context: Context,
  { hostConfig, endpoints }: Container,
  named = context.networks.servesNames(endpoints),
): Promise<string> {
  const host = await context.networks.resolver(hostConfig.networkMode === 'host');
  const choose = (...lists: string[][]) => lists.find((list) => list.length > 0) ?? [];
  const servers = named ? [nameServer] : choose(hostConfig.dns, context.defaults.dns, host.nameservers);
  const search = choose(hostConfig.dnsSearch, host.search).filter((domain) => domain !== '.');
  const options = withDots(choose(hostConfig.dnsOptions, host.options), named);
  return [
    ...servers.map((address) => `nameserver ${address}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}

/** A container's name has no dot, and must not be tried with every search domain first. */
const withDots = (options: string[], named: boolean): string[] =>
  named && !options.some((option) => option.startsWith('ndots:')) ? [...options, 'ndots:0'] : options;
