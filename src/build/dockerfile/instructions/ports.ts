/** EXPOSE's port specifications: `[[ip:]host:]port[-port][/protocol]`. */
import { isIP } from 'node:net';
import { plainProblem } from '../error.ts';
import { quote } from '../text.ts';

export interface ExposedPorts {
  /** "80/tcp", one for each port of a range. */
  ports: string[];
  /** Specifications whose protocol is not in lower case. */
  oddCasing: string[];
  /** Specifications with an address or a host port, which mean nothing here. */
  oddFormat: string[];
}

const protocols = ['tcp', 'udp', 'sctp'];
/** There are no more; a hostile line could name every one of them thousands of times. */
const portLimit = 3 * 65536;

export function exposedPorts(specifications: readonly string[]): ExposedPorts {
  const result: ExposedPorts = { ports: [], oddCasing: [], oddFormat: [] };
  for (const specification of specifications) {
    const parts = specification.split(':');
    const own = parts.pop() ?? '';
    const [, port = '', written = 'tcp'] = /^([^/]*)(?:\/(.+)|\/)?$/s.exec(own) ?? [];
    const protocol = written.toLowerCase();
    if (port === '') throw plainProblem(`invalid port: ${quote(specification)}: no port specified`);
    if (!protocols.includes(protocol))
      throw plainProblem(`invalid port: ${quote(specification)}: invalid proto: ${written}`, specification);
    if (written !== protocol) result.oddCasing.push(specification);
    if (parts.some((part) => part !== '')) result.oddFormat.push(specification);
    const range = parseRange(port, 'containerPort');
    const host = parts.pop() ?? '';
    if (host !== '') checkHost(host, range, port);
    const address = parts.join(':').replace(/^\[(.*)\]$/, '$1');
    if (address !== '' && isIP(address) === 0) throw plainProblem(`invalid IP address: ${address}`, address);
    if (result.ports.length + range.last - range.first >= portLimit) throw plainProblem('too many ports');
    for (let number = range.first; number <= range.last; number++) result.ports.push(`${number}/${protocol}`);
  }
  return result;
}

interface Range {
  first: number;
  last: number;
}

function parseRange(text: string, what: string): Range {
  const [, low = '', high = low] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { first: Number(low), last: Number(high) };
  if (low === '' || range.last > 65535 || range.last < range.first)
    throw plainProblem(`invalid ${what}: ${text}`, text);
  return range;
}

function checkHost(text: string, { first, last }: Range, port: string): void {
  const host = parseRange(text, 'hostPort');
  if (first !== last && host.last - host.first !== last - first)
    throw plainProblem(`invalid ranges specified for container and host Ports: ${port} and ${text}`);
}
