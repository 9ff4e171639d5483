/** The few netlink(7) requests that the daemon sends itself, each answered by one acknowledgement. About 20 µs. */
import { dlopen, FFIType, read } from 'bun:ffi';
import { getSystemErrorName } from 'node:util';
import { internal } from '../lib/errors.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NLM_F_REQUEST_ACK = 1 | 4;
const NLMSG_ERROR = 2;
const NLA_F_NESTED = 0x8000;
const headerSize = 16;

const { i32, u64 } = FFIType;
const openLibc = () =>
  dlopen('libc.so.6', {
    socket: { args: [i32, i32, i32], returns: i32 },
    send: { args: [i32, FFIType.ptr, u64, i32], returns: FFIType.i64 },
    recv: { args: [i32, FFIType.ptr, u64, i32], returns: FFIType.i64 },
    __errno_location: { args: [], returns: FFIType.ptr },
  }).symbols;
let opened: ReturnType<typeof openLibc> | undefined;
function libc(): ReturnType<typeof openLibc> {
  opened ??= openLibc();
  return opened;
}

/** One attribute: length, type, payload, padded to four bytes. */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const length = 4 + payload.length;
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(payload, 4);
  return bytes;
}

export function nested(type: number, ...children: Uint8Array[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(children));
}

function message(type: number, sequence: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize);
  header.writeUInt32LE(headerSize + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST_ACK, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}

function failure(what: string): Error {
  const location = libc().__errno_location();
  return internal(`netlink ${what}: ${location ? getSystemErrorName(-read.i32(location)) : 'failed'}`);
}

/** One socket per protocol for the life of the process: closing one of NETLINK_NETFILTER waits 10 ms until what nftables deleted before is really gone. */
const sockets = new Map<number, number>();
let lastSequence = 0;

function socketOf(protocol: number): number {
  const open = sockets.get(protocol) ?? libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
  if (open < 0) throw failure('socket');
  sockets.set(protocol, open);
  return open;
}

/** Sends one request to `protocol` (NETLINK_*) and waits for the kernel's answer. Throws with the errno's name. */
export function netlinkRequest(protocol: number, type: number, body: Uint8Array): void {
  const socket = socketOf(protocol);
  const sequence = ++lastSequence;
  const request = message(type, sequence, body);
  if (libc().send(socket, request, BigInt(request.length), 0) < 0) throw failure('send');
  const answer = Buffer.alloc(4096);
  // An answer of another sequence belongs to a request that was given up.
  do {
    if (libc().recv(socket, answer, BigInt(answer.length), 0) < headerSize + 4) throw failure('recv');
  } while (answer.readUInt32LE(8) !== sequence);
  const error = answer.readUInt16LE(4) === NLMSG_ERROR ? answer.readInt32LE(headerSize) : 0;
  if (error !== 0) throw internal(`netlink: ${getSystemErrorName(error)}`);
}
