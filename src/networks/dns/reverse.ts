/** Names that stand for addresses: RFC 1035, section 3.5 (IPv4), and RFC 3596, section 2.5 (IPv6). */
import { formatAddress, parseAddress } from '../../lib/ip.ts';

const ipv4Suffix = '.in-addr.arpa';
const ipv6Suffix = '.ip6.arpa';

function ipv4Of(name: string): string | null {
  const text = name.slice(0, -ipv4Suffix.length).split('.').reverse().join('.');
  return parseAddress(text)?.family === 4 ? text : null;
}

function ipv6Of(name: string): string | null {
  const nibbles = name.slice(0, -ipv6Suffix.length).split('.').reverse();
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return null;
  return formatAddress({ family: 6, value: BigInt(`0x${nibbles.join('')}`) });
}

/** The address (in the form of src/lib/ip.ts) that a lower-case name stands for; null when it stands for none. */
export function addressOf(name: string): string | null {
  if (name.endsWith(ipv4Suffix)) return ipv4Of(name);
  return name.endsWith(ipv6Suffix) ? ipv6Of(name) : null;
}
