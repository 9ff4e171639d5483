/** Reading port bindings as the API sends them. */
import { invalid } from '../lib/errors.ts';
import { type Address, type Family, parseAddress } from '../lib/ip.ts';
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
  /** The host gets the same port on each of them; value 0 = every address of the family. */
  hostAddresses: Address[];
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

/** What bindings mean on a network: the families in which it publishes, and where a binding goes that names no address. */
export interface BindingDefaults {
  families: readonly Family[];
  /** "0.0.0.0" = every address of every family; any other is the only one. */
  hostAddress: string;
}

function hostAddresses(text: string, { families, hostAddress }: BindingDefaults): Address[] {
  if (text === '' && (hostAddress === '0.0.0.0' || hostAddress === ''))
    return families.map((family) => ({ family, value: 0n }));
  const address = parseAddress(text || hostAddress);
  if (!address) throw invalid(`invalid IP address: ${text || hostAddress}`);
  if (address.family === 6 && address.value === 1n)
    throw invalid('publishing on ::1 needs a proxy process, which gantry does without: publish on 127.0.0.1');
  // Docker serves such a binding by a proxy process; without one the other family cannot be translated.
  if (!families.includes(address.family)) {
    if (text === '') return [];
    throw invalid(
      `cannot publish on ${text}: the container has no IPv${address.family} address on the network that publishes its ports`,
    );
  }
  return [address];
}

/** Every binding of a container. Throws Docker's texts for what cannot be understood. */
export function parseBindings(
  bindings: Partial<Record<PortKey, PortBinding[]>>,
  defaults: BindingDefaults,
): WantedPort[] {
  return Object.entries(bindings).flatMap(([key, list = []]) => {
    const port = parsePortKey(key);
    return list
      .map(({ hostIp, hostPort }) => ({
        ...port,
        hostAddresses: hostAddresses(hostIp, defaults),
        hostPorts: parseHostPorts(hostPort),
      }))
      .filter((wanted) => wanted.hostAddresses.length > 0);
  });
}
