/** The IPv4 address of a link, up or down (netdevice(7)); `os.networkInterfaces` shows only links with a carrier. */
import { dlopen, FFIType } from 'bun:ffi';

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCGIFADDR = 0x8915;
const SIOCGIFNETMASK = 0x891b;
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

/** `172.17.0.1/16`, or null when there is no such link or it has no IPv4 address. */
export function linkAddress(name: string): string | null {
  const { socket, ioctl, close } = openLibc();
  const descriptor = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (descriptor < 0) return null;
  try {
    const request = Buffer.alloc(ifreqSize);
    request.write(name, 0, IFNAMSIZ - 1);
    if (ioctl(descriptor, SIOCGIFADDR, request) < 0) return null;
    const address = [...request.subarray(addressAt, addressAt + 4)].join('.');
    if (ioctl(descriptor, SIOCGIFNETMASK, request) < 0) return null;
    const mask = request.readUInt32BE(addressAt);
    return `${address}/${32 - Math.log2((~mask >>> 0) + 1)}`;
  } finally {
    close(descriptor);
  }
}
