/** Addresses and state of a link, up or down (netdevice(7)); `os.networkInterfaces` shows only links with a carrier. */
import { dlopen, FFIType } from 'bun:ffi';
import { readFileSync } from 'node:fs';
import { formatAddress } from '../lib/ip.ts';

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCGIFADDR = 0x8915;
const SIOCGIFNETMASK = 0x891b;
const SIOCGIFINDEX = 0x8933;
const IFF_UP = 1;
const IFNAMSIZ = 16;
/** struct ifreq is the name and a union of 24 bytes; in a sockaddr_in the address is at 4. */
const ifreqSize = 40;
const addressAt = IFNAMSIZ + 4;

const openLibc = () =>
  dlopen('libc.so.6', {
    socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
    close: { args: [FFIType.i32], returns: FFIType.i32 },
  }).symbols;
let opened: ReturnType<typeof openLibc> | undefined;
function libc(): ReturnType<typeof openLibc> {
  opened ??= openLibc();
  return opened;
}

/** The answers to `requests` in one struct ifreq after the other; null when one is refused. */
function ask(name: string, ...requests: number[]): Buffer[] | null {
  const { socket, ioctl, close } = libc();
  const descriptor = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (descriptor < 0) return null;
  try {
    const answers = requests.map((request) => {
      const answer = Buffer.alloc(ifreqSize);
      answer.write(name, 0, IFNAMSIZ - 1);
      return ioctl(descriptor, request, answer) < 0 ? null : answer;
    });
    return answers.every((answer) => answer !== null) ? answers : null;
  } finally {
    close(descriptor);
  }
}

/** `172.17.0.1/16`, or null when there is no such link or it has no IPv4 address. */
export function linkAddress(name: string): string | null {
  const [address, mask] = ask(name, SIOCGIFADDR, SIOCGIFNETMASK) ?? [];
  if (!address || !mask) return null;
  const hostBits = Math.log2((~mask.readUInt32BE(addressAt) >>> 0) + 1);
  return `${[...address.subarray(addressAt, addressAt + 4)].join('.')}/${32 - hostBits}`;
}

export function linkIsUp(name: string): boolean {
  const [answer] = ask(name, SIOCGIFFLAGS) ?? [];
  return answer !== undefined && (answer.readUInt16LE(IFNAMSIZ) & IFF_UP) !== 0;
}

/** null when there is no such link. */
export function linkIndex(name: string): number | null {
  return ask(name, SIOCGIFINDEX)?.[0]?.readInt32LE(IFNAMSIZ) ?? null;
}

/** The IPv6 addresses of a link with their prefix lengths (/proc/net/if_inet6: address, index, prefix, scope, flags, name). */
export function linkAddresses6(name: string): string[] {
  let text: string;
  try {
    text = readFileSync('/proc/net/if_inet6', 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [digits = '', , prefix = '', , , link] = line.trim().split(/\s+/);
    if (link !== name) return [];
    return [`${formatAddress({ family: 6, value: BigInt(`0x${digits}`) })}/${Number.parseInt(prefix, 16)}`];
  });
}
