/** Port keys and bindings between Docker's JSON and ours. */

import type { Container } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import type { PortBinding, PortKey, PublishedPort } from '../../networks/model.ts';
import type { PortMap } from '../types/common.ts';
import type { PortSummary } from '../types/containers.ts';
import type { Fields } from './fields.ts';

const portSpec = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;

/** "80", "80/tcp" or "8000-8002/udp" as single ports with protocol. */
export function parsePorts(text: string): PortKey[] {
  const match = portSpec.exec(text);
  const first = Number(match?.[1]);
  const last = match?.[2] === undefined ? first : Number(match[2]);
  if (!match || first > last || last > 65535)
    throw invalid(`invalid port specification: ${JSON.stringify(text.split('/')[0])}`);
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}` as PortKey);
}

/** `name`: the field that has them. */
export function parsePortBindings(
  fields: Fields,
  name = 'PortBindings',
): Partial<Record<PortKey, PortBinding[]>> {
  const bindings: Partial<Record<PortKey, PortBinding[]>> = {};
  const given = fields.lists(name, (binding) => ({
    hostIp: binding.text('HostIp'),
    hostPort: binding.textOrNumber('HostPort'),
  }));
  for (const [text, list] of given) {
    // `"80/tcp": null` or `[]` publishes at a port of our choice, as Docker does.
    const wanted = list.length > 0 ? list : [{ hostIp: '', hostPort: '' }];
    for (const key of parsePorts(text)) bindings[key] = [...(bindings[key] ?? []), ...wanted];
  }
  return bindings;
}

export function portBindingsJson(bindings: Partial<Record<PortKey, PortBinding[]>>): PortMap {
  return Object.fromEntries(
    Object.entries(bindings).map(([key, list]) => [
      key,
      (list ?? []).map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: hostPort })),
    ]),
  );
}

function exposedKeys(container: Container): PortKey[] {
  const published = container.ports.map(keyOf);
  return [...new Set([...container.config.exposedPorts, ...published])];
}

const keyOf = (port: PublishedPort): PortKey => `${port.containerPort}/${port.protocol}`;

/** NetworkSettings.Ports: of a running container, null for an exposed port that is not published. */
export function portMap(container: Container): PortMap {
  return Object.fromEntries(
    exposedKeys(container).map((key) => {
      const published = container.ports.filter((port) => keyOf(port) === key);
      const bindings = published.map((port) => ({
        HostIp: port.hostIp,
        HostPort: String(port.hostPort),
      }));
      return [key, bindings.length > 0 ? bindings : null];
    }),
  );
}

/** The Ports of a row of `docker ps`. */
export function portSummaries(container: Container): PortSummary[] {
  return exposedKeys(container).flatMap((key): PortSummary[] => {
    const [port, protocol] = key.split('/') as [string, PortSummary['Type']];
    const published = container.ports.filter((candidate) => keyOf(candidate) === key);
    if (published.length === 0) return [{ PrivatePort: Number(port), Type: protocol }];
    return published.map(({ hostIp, hostPort }) => ({
      IP: hostIp,
      PrivatePort: Number(port),
      PublicPort: hostPort,
      Type: protocol,
    }));
  });
}
