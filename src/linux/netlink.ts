/** The few netlink(7) requests that the daemon sends itself, each answered by one acknowledgement. About 20 µs. */
import { dlopen, FFIType, read } from 'bun:ffi';
import { getSystemErrorName } from 'node:util';
import { internal } from '../lib/errors.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
/** More than any message of a dump, which the kernel builds in pages. */
const bufferSize = 64 * 1024;
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

function message(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize);
  header.writeUInt32LE(headerSize + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
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

/** Sends one request to `protocol` (NETLINK_*) and waits for the kernel's answer, header included. Throws with the errno's name. */
function exchange(protocol: number, type: number, flags: number, body: Uint8Array): Buffer {
  const socket = socketOf(protocol);
  const sequence = ++lastSequence;
  const request = message(type, flags, sequence, body);
  if (libc().send(socket, request, BigInt(request.length), 0) < 0) throw failure('send');
  // An answer of another sequence belongs to a request that was given up.
  let answer = receive(protocol);
  while (answer.readUInt32LE(8) !== sequence) answer = receive(protocol);
  const error = answer.readUInt16LE(4) === NLMSG_ERROR ? answer.readInt32LE(headerSize) : 0;
  if (error !== 0) throw internal(`netlink: ${getSystemErrorName(error)}`);
  return answer;
}

/** One datagram: one message or, in a dump, several. */
function receive(protocol: number): Buffer {
  const answer = Buffer.alloc(bufferSize);
  const size = libc().recv(socketOf(protocol), answer, BigInt(answer.length), 0);
  if (size < headerSize + 4) throw failure('recv');
  return answer.subarray(0, Number(size));
}

/** A request whose only answer is that it was done. */
export function netlinkRequest(protocol: number, type: number, body: Uint8Array): void {
  exchange(protocol, type, NLM_F_REQUEST | NLM_F_ACK, body);
}

/** A request that is answered by one message. Returns what follows its header. */
export function netlinkQuery(protocol: number, type: number, body: Uint8Array): Buffer {
  const answer = exchange(protocol, type, NLM_F_REQUEST, body);
  return answer.subarray(headerSize, Math.min(answer.readUInt32LE(0), answer.length));
}

/** A request that is answered by many messages, of which each is given without its header. */
export function netlinkDump(protocol: number, type: number, body: Uint8Array): Buffer[] {
  const messages: Buffer[] = [];
  let chunk = exchange(protocol, type, NLM_F_REQUEST | NLM_F_DUMP, body);
  for (;;) {
    for (let at = 0; at + headerSize <= chunk.length; ) {
      const length = chunk.readUInt32LE(at);
      const kind = chunk.readUInt16LE(at + 4);
      if (kind === NLMSG_DONE || length < headerSize) return messages;
      messages.push(Buffer.from(chunk.subarray(at + headerSize, at + length)));
      at += Math.ceil(length / 4) * 4;
    }
    chunk = receive(protocol);
  }
}

/** Type -> payload of the attributes behind `from`. Of several of one type the last counts. */
export function attributesOf(bytes: Buffer, from: number): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = from; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    attributes.set(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += Math.ceil(length / 4) * 4;
  }
  return attributes;
}
