/** Sockets that hold a host port without serving it. */
import { dlopen, FFIType, ptr, read } from 'bun:ffi';
import { readFileSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type { Address } from '../lib/ip.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ATTACH_FILTER = 26;
const SHUT_RD = 0;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const kinds = {
  tcp: { type: 1, protocol: 6 },
  udp: { type: 2, protocol: 17 },
  sctp: { type: 1, protocol: 132 },
} as const;

export type Transport = keyof typeof kinds;

const { i32, u32 } = FFIType;
const openLibc = () =>
  dlopen('libc.so.6', {
    socket: { args: [i32, i32, i32], returns: i32 },
    bind: { args: [i32, FFIType.ptr, u32], returns: i32 },
    listen: { args: [i32, i32], returns: i32 },
    shutdown: { args: [i32, i32], returns: i32 },
    setsockopt: { args: [i32, i32, i32, FFIType.ptr, u32], returns: i32 },
    close: { args: [i32], returns: i32 },
    __errno_location: { args: [], returns: FFIType.ptr },
  }).symbols;
let opened: ReturnType<typeof openLibc> | undefined;
function libc(): ReturnType<typeof openLibc> {
  opened ??= openLibc();
  return opened;
}

/** A classic BPF program that keeps nothing (`ret #0`), and its struct sock_fprog. */
const keepNothing = new Uint8Array([0x06, 0, 0, 0, 0, 0, 0, 0]);
function dropAll(): Buffer {
  const program = Buffer.alloc(16);
  program.writeUInt16LE(1, 0);
  program.writeBigUInt64LE(BigInt(ptr(keepNothing)), 8);
  return program;
}

/** struct sockaddr_in (ip(7)) or sockaddr_in6 (ipv6(7)). */
function socketAddress({ family, value }: Address, port: number): Buffer {
  const bytes = Buffer.alloc(family === 4 ? 16 : 28);
  bytes.writeUInt16LE(family === 4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  if (family === 4) bytes.writeUInt32BE(Number(value), 4);
  else {
    bytes.writeBigUInt64BE(value >> 64n, 8);
    bytes.writeBigUInt64BE(value & 0xffff_ffff_ffff_ffffn, 16);
  }
  return bytes;
}

const flag = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

function errorName(): string {
  const location = libc().__errno_location();
  return location ? getSystemErrorName(-read.i32(location)) : 'EIO';
}

/** SO_REUSEADDR lets bind ignore the TIME_WAIT of a server that ran here before, but it would also let the next server in: so it is cleared once bound. Listening for a moment makes the kernel forget that the port was shareable; shutdown returns to bound-and-refusing. */
function bindTcp(socket: number, address: Buffer): boolean {
  const { bind, listen, setsockopt, shutdown } = libc();
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, flag(1), 4);
  if (bind(socket, address, address.length) < 0 || listen(socket, 1) < 0) return false;
  shutdown(socket, SHUT_RD);
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, flag(0), 4);
  return true;
}

/**
 * Holds a host port so that nobody else can bind it, without ever answering on it: published packets are redirected before
 * they reach a socket. What does arrive (the container is not up yet) is refused with RST for TCP and SCTP, and
 * dropped for UDP (a filter: nothing is queued). Returns the descriptor (close-on-exec), or the errno name: EADDRINUSE,
 * EADDRNOTAVAIL, EACCES, EMFILE. 6 µs.
 */
export function holdPort(transport: Transport, address: Address, port: number): number | string {
  const { type, protocol } = kinds[transport];
  const { socket, bind, setsockopt } = libc();
  const descriptor = socket(address.family === 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, protocol);
  if (descriptor < 0) return errorName();
  const name = socketAddress(address, port);
  if (address.family === 6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, flag(1), 4);
  if (transport === 'udp') setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, dropAll(), 16);
  const bound = transport === 'udp' ? bind(descriptor, name, name.length) === 0 : bindTcp(descriptor, name);
  if (bound) return descriptor;
  const error = errorName();
  libc().close(descriptor);
  return error;
}

export function dropPort(descriptor: number): void {
  libc().close(descriptor);
}

/** How many ports the daemon may hold by a socket: a quarter of its descriptors. */
export function descriptorBudget(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Math.floor(Number(limit ?? 1024) / 4);
}

/** Where ports are chosen from when the user names none: net.ipv4.ip_local_port_range. */
export function ephemeralPorts(): { first: number; last: number } {
  const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [first = 32768, last = 60999] = text.trim().split(/\s+/).map(Number);
  return { first, last };
}
