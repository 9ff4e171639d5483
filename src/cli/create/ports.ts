/** `--publish` and `--expose` as port bindings: `[ip:][hostPort:]containerPort[/proto]`, ranges, and the long `target=80` form. */
import type { PortBinding } from '../../api/types/common.ts';
import type { PublishedPortFilter } from '../../api/types/containers.ts';
import { isIp } from './validators.ts';

export interface Ports {
  exposed: Record<string, object>;
  bindings: Record<string, PortBinding[]>;
}

interface Range {
  start: number;
  end: number;
}

export function parsePorts(publish: readonly string[], expose: readonly string[]): Ports {
  const ports: Ports = { exposed: {}, bindings: {} };
  for (const spec of publish) addPublished(ports, shortForm(spec));
  for (const spec of expose) addExposed(ports, spec);
  return ports;
}

/** Ports to publish no more, in the forms of `--publish`: what one leaves out may be any. */
export function parseUnpublished(specs: readonly string[]): PublishedPortFilter[] {
  const { bindings } = parsePorts(specs, []);
  return Object.entries(bindings).flatMap(([Port, places]) => places.map((place) => ({ Port, ...place })));
}

/** `published=8080,target=80,protocol=udp` becomes `8080:80/udp`. */
function shortForm(spec: string): string {
  if (!spec.includes('=')) return spec;
  const params: Record<string, string> = { protocol: 'tcp', published: '', target: '' };
  for (const param of spec.split(',')) {
    const equals = param.indexOf('=');
    if (equals < 0) throw new Error(`invalid publish opts format (should be name=value but got '${param}')`);
    params[param.slice(0, equals)] = param.slice(equals + 1);
  }
  return `${params.published}:${params.target}/${params.protocol}`;
}

function addPublished(ports: Ports, spec: string): void {
  const parts = spec.split(':');
  const [containerText = ''] = parts.slice(-1);
  const hostPort = parts.length > 1 ? (parts[parts.length - 2] ?? '') : '';
  const ip = hostAddress(parts.slice(0, -2).join(':'));
  const { port, protocol } = splitProtocol(containerText);
  if (port === '') throw new Error(`no port specified: ${spec}<empty>`);
  const inside = readRange(port, () => `invalid containerPort: ${port}`);
  const outside = hostPort === '' ? null : readRange(hostPort, () => `invalid hostPort: ${hostPort}`);
  const spread = outside && size(outside) !== size(inside);
  if (spread && size(inside) !== 0)
    throw new Error(`invalid ranges specified for container and host Ports: ${port} and ${hostPort}`);
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw new Error(`invalid proto: ${protocol}`);
  for (let offset = 0; offset <= size(inside); offset++) {
    const key = `${inside.start + offset}/${protocol}`;
    const HostPort = outside
      ? spread
        ? `${outside.start}-${outside.end}`
        : String(outside.start + offset)
      : '';
    ports.exposed[key] = {};
    const bindings = ports.bindings[key] ?? [];
    bindings.push({ HostIp: ip, HostPort });
    ports.bindings[key] = bindings;
  }
}

function hostAddress(text: string): string {
  const ip = text.startsWith('[') ? withoutBrackets(text) : text;
  if (ip !== '' && !isIp(ip)) throw new Error(`invalid IP address: ${ip}`);
  return ip;
}

/** Go's net.SplitHostPort of the address and an empty port. */
function withoutBrackets(text: string): string {
  const wrong = (why: string) => new Error(`invalid IP address ${text}: address ${text}:: ${why}`);
  const end = text.indexOf(']');
  if (end < 0) throw wrong("missing ']' in address");
  if (end < text.length - 1)
    throw wrong(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address');
  if (text.lastIndexOf('[') > 0) throw wrong("unexpected '[' in address");
  return text.slice(1, end);
}

function addExposed(ports: Ports, spec: string): void {
  if (spec.includes(':')) throw new Error(`invalid port format for --expose: ${spec}`);
  const { port, protocol } = splitProtocol(spec);
  const range = readRange(port, (reason) => `invalid range format for --expose: ${spec}, error: ${reason}`);
  for (let number = range.start; number <= range.end; number++) ports.exposed[`${number}/${protocol}`] = {};
}

function splitProtocol(text: string): { port: string; protocol: string } {
  const [port = '', protocol = ''] = text.split('/');
  return { port, protocol: protocol === '' ? 'tcp' : protocol.toLowerCase() };
}

function size(range: Range): number {
  return range.end - range.start;
}

function readRange(text: string, message: (reason: string) => string): Range {
  const parts = text.split('-');
  if (text === '') throw new Error(message('empty string specified for ports'));
  const [start = 0, end = start] = parts.map((part) => {
    if (!/^\d+$/.test(part))
      throw new Error(message(`strconv.ParseUint: parsing ${JSON.stringify(part)}: invalid syntax`));
    if (Number(part) > 65535)
      throw new Error(message(`strconv.ParseUint: parsing ${JSON.stringify(part)}: value out of range`));
    return Number(part);
  });
  if (parts.length > 2)
    throw new Error(message(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`));
  if (end < start) throw new Error(message(`invalid range specified for port: ${text}`));
  return { start, end };
}
