/** Hosts that need not prove who they are: loopback, and what the daemon's settings call insecure. */
import { BlockList, isIP } from 'node:net';
import { invalid } from '../../lib/errors.ts';

/** An IP address or CIDR, null when `text` is neither. */
export function parseRange(text: string): BlockList | null {
  const [address = '', prefix, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined) return null;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const width = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? width : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (bits < 0 || bits > width) return null;
  const range = new BlockList();
  range.addSubnet(address, bits, family);
  return range;
}

export function inRange(host: string, range: BlockList): boolean {
  const version = isIP(host);
  return version !== 0 && range.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** `hostname` as in URLs, where IPv6 stands in brackets, without them and in lower case. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

/** `hostname` as in URLs: IPv6 in brackets. */
export function isLoopback(hostname: string): boolean {
  const host = bareHost(hostname);
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && Number(host.split('.')[0]) === 127);
}

/** The port that is not written is the scheme's own. */
export function hostWithoutPort(host: string): string {
  return bareHost(host.replace(/:\d+$/, ''));
}

/**
 * Whether a host (`host[:port]`) may be asked over unverified TLS or plain HTTP. A setting is `host`, `host:port` or a CIDR, which is
 * compared with addresses as they are written: what DNS answers can be forged, and must not switch verification off.
 */
export class InsecureHosts {
  readonly #hosts: ReadonlySet<string>;
  readonly #ranges: readonly BlockList[];

  constructor(settings: readonly string[]) {
    const isCidr = (text: string) => text.includes('/');
    this.#hosts = new Set(settings.filter((text) => !isCidr(text)).map((text) => text.toLowerCase()));
    this.#ranges = settings.filter(isCidr).map((text) => {
      const range = parseRange(text);
      if (range === null) throw invalid(`invalid insecure registry: ${text} is not a CIDR`);
      return range;
    });
  }

  has(host: string): boolean {
    const name = hostWithoutPort(host);
    return (
      isLoopback(name) ||
      this.#hosts.has(host.toLowerCase()) ||
      this.#hosts.has(name) ||
      this.#ranges.some((range) => inRange(name, range))
    );
  }
}
