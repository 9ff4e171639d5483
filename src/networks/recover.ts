/** After a restart of the daemon, and whenever someone asks: the kernel has what the records say. */
import { readFileSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { bridgePorts } from '../linux/bridge-port.ts';
import { runOperations } from '../linux/native.ts';
import { hasDefaultRoute, linkExists } from '../linux/routes.ts';
import { plug, takeOver } from './connect.ts';
import { driverOf, type NetworkContext } from './context.ts';
import { enter } from './endpoint.ts';
import { vethName, vethPattern } from './link-name.ts';
import type { Member, NamespaceOf, Networks } from './model.ts';
import { forwardingsOf } from './publishing.ts';

type Running = Parameters<Networks['recover']>[0][number];

/** Takes over what runs. Traffic goes on meanwhile: the table is replaced in one transaction, and links that are right stay. */
export async function recover(context: NetworkContext, running: readonly Running[]): Promise<void> {
  context.members.clear();
  for (const { inside: _inside, ...member } of running) adopt(context, member);
  const members = [...context.members.values()];
  await context.firewall.replace(
    new Map(members.map((member) => [member.containerId, forwardingsOf(context, member)])),
  );
  for (const { inside, containerId } of running) await plugMissing(context, containerId, inside);
  await removeStaleLinks(context);
  for (const { inside, containerId } of running) await restoreRoutes(context, containerId, inside);
  await sweepLinks(context);
}

function adopt(context: NetworkContext, member: Member): void {
  const known = {
    ...member,
    endpoints: member.endpoints.filter(({ networkId }) => context.drivers.has(networkId)),
  };
  context.members.set(member.containerId, known);
  for (const endpoint of known.endpoints) driverOf(context, endpoint).adopt(endpoint);
  for (const { hostIp, hostPort, protocol } of context.hostPorts.adopt(member.containerId, member.ports))
    context.log('warn', 'a process of the host has bound a published port', {
      container: member.containerName,
      port: `${hostIp}:${hostPort}/${protocol}`,
    });
}

/** A predecessor died between the record of a `network connect` and its link. */
async function plugMissing(
  context: NetworkContext,
  id: Member['containerId'],
  inside: NamespaceOf,
): Promise<void> {
  const present = interfacesOf(inside);
  if (present === null) return;
  for (const { interfaceName, networkId, networkName } of context.members.get(id)?.endpoints ?? []) {
    if (interfaceName === '' || present.has(interfaceName)) continue;
    try {
      await plug(context, id, networkId, inside);
    } catch (error) {
      context.log('warn', 'a running container is not on one of its networks', {
        container: id,
        network: networkName,
        error: messageOf(error),
      });
    }
  }
}

/** Names of the links in a process's network namespace; null when it is gone. */
function interfacesOf({ pid }: NamespaceOf): Set<string> | null {
  try {
    const lines = readFileSync(`/proc/${pid}/net/dev`, 'utf8').split('\n').slice(2);
    return new Set(lines.map((line) => line.split(':')[0]?.trim() ?? ''));
  } catch {
    return null;
  }
}

/** A predecessor died in a `network disconnect`: the default route went with the link that it led by. */
async function restoreRoutes(
  context: NetworkContext,
  id: Member['containerId'],
  inside: NamespaceOf,
): Promise<void> {
  const member = context.members.get(id);
  try {
    const missing = ([4, 6] as const).filter((family) => hasDefaultRoute(inside.pid, family) === false);
    const routes = member ? takeOver(context, member, missing) : [];
    if (routes.length > 0) await runOperations([...enter(inside), ...routes]);
  } catch (error) {
    context.log('warn', 'a running container has no way out', { container: id, error: messageOf(error) });
  }
}

/** A veth outlives its shim only when something else holds the network namespace, or when a `disconnect` was cut short. */
async function removeStaleLinks(context: NetworkContext): Promise<void> {
  const wanted = new Set(
    [...context.members.values()].flatMap(({ endpoints }) =>
      endpoints.map(({ endpointId }) => vethName(endpointId)),
    ),
  );
  const bridges = [...context.drivers.values()].filter(({ network }) => network.driver === 'bridge');
  const stale = bridges
    .flatMap(({ network }) => bridgePorts(network.link))
    .filter((name) => vethPattern.test(name) && !wanted.has(name));
  await removeLinks(context, stale, 'removing links of containers that are gone');
}

/** Links that a predecessor made for networks that are gone. */
export async function sweepLinks(context: NetworkContext): Promise<void> {
  const used = new Set([...context.drivers.values()].map(({ network }) => network.link));
  const left = context.store.madeLinks().filter((name) => !used.has(name));
  await removeLinks(context, left.filter(linkExists), 'removing links of networks that are gone');
  for (const name of left) context.store.forgetLink(name);
}

async function removeLinks(context: NetworkContext, links: string[], why: string): Promise<void> {
  if (links.length === 0) return;
  context.log('info', why, { links });
  await runOperations(
    links.map((name) => ({ op: 'link-delete', side: 'host', name, optional: true }) as const),
  );
}
