/** Reading port bindings as the API sends them. */
import { invalid, unsupported } from '../lib/errors.ts';
import { parseIpv4 } from './addresses.ts';
import type { PortBinding, PortKey } from './model.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface PortRange {
  first: number;
  last: number;
}

/** One binding, understood. */
export interface WantedPort {
  containerPort: number;
  protocol: Protocol;
  /** 0 = every address of the host. */
  hostAddress: number;
  /** null = the engine chooses; a range = the first free one of it. */
  hostPorts: PortRange | null;
}

const isProtocol = (text: string): text is Protocol => text === 'tcp' || text === 'udp' || text === 'sctp';

function parsePort(text: string): number | null {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65535 ? port : null;
}

export function parsePortKey(key: string): { containerPort: number; protocol: Protocol } {
  const [port = '', protocol = 'tcp', ...rest] = key.split('/');
  const containerPort = parsePort(port);
  if (containerPort === null || containerPort === 0 || rest.length > 0)
    throw invalid(`invalid port specification: ${JSON.stringify(key)}`);
  if (!isProtocol(protocol)) throw invalid(`invalid proto: ${protocol}`);
  return { containerPort, protocol };
}

/** "" and "0" mean that the engine chooses. */
export function parseHostPorts(text: string): PortRange | null {
  if (text === '') return null;
  const [low = '', high = low, ...rest] = text.split('-');
  const first = parsePort(low);
  const last = parsePort(high);
  if (first === null || last === null || last < first || rest.length > 0)
    throw invalid(`invalid port specification: ${JSON.stringify(text)}`);
  return last === 0 ? null : { first: Math.max(first, 1), last };
}

function parseHostIp(text: string): number {
  if (text === '') return 0;
  const address = parseIpv4(text);
  if (address !== null) return address;
  if (text.includes(':'))
    throw unsupported(`publishing on an IPv6 address (${text}) is not supported by the default bridge`);
  throw invalid(`invalid IP address: ${text}`);
}

/** Every binding of a container. Throws Docker's texts for what cannot be understood. */
export function parseBindings(bindings: Partial<Record<PortKey, PortBinding[]>>): WantedPort[] {
  return Object.entries(bindings).flatMap(([key, list = []]) => {
    const port = parsePortKey(key);
    return list.map(({ hostIp, hostPort }) => ({
      ...port,
      hostAddress: parseHostIp(hostIp),
      hostPorts: parseHostPorts(hostPort),
    }));
  });
}
