/** Answers of our own. */
import {
  type Answer,
  CHECKING_DISABLED,
  DNSSEC_OK,
  encode,
  encodingLength,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { answerMax, queryMax } from './frames.ts';
import type { Transport } from './model.ts';
import { headerSize, type Query, questionOf, rcodes } from './query.ts';

const opcodeMask = 0x7800;
/** RFC 1035, section 4.2.1; RFC 6891 lets a client say more. */
const smallest = 512;
/** No datagram is larger, whatever the client says: unbound's and BIND's limit too. */
const largest = 4096;

/** Bytes of the longest answer that this client takes this way. */
export function limitOf(query: Query, transport: Transport): number {
  if (transport === 'tcp') return answerMax;
  return Math.min(Math.max(query.edns?.udpSize ?? smallest, smallest), largest);
}

function flagsFor(bytes: Buffer, rcode: number): number {
  const kept = opcodeMask | RECURSION_DESIRED | CHECKING_DISABLED;
  return (bytes.readUInt16BE(2) & kept) | RECURSION_AVAILABLE | rcode;
}

/** RFC 6891, section 6.1.1: whoever asks with an OPT record is answered with one. */
function ednsFor(query: Query): Answer[] {
  if (!query.edns) return [];
  const flags = query.edns.dnssecOk ? DNSSEC_OK : 0;
  return [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: queryMax,
      extendedRcode: 0,
      ednsVersion: 0,
      flags,
      flag_do: query.edns.dnssecOk,
      options: [],
    },
  ];
}

/** dns-packet would write the question as it understood it; it goes back as it came. */
function build(query: Query, flags: number, answers: Answer[]): Buffer {
  const id = query.bytes.readUInt16BE(0);
  const message = encode({ type: 'response', id, flags, answers, additionals: ednsFor(query) });
  message.writeUInt16BE(1, 4);
  return Buffer.concat([message.subarray(0, headerSize), query.question, message.subarray(headerSize)]);
}

const sizeOf = (answer: Answer): number => encodingLength({ answers: [answer] }) - headerSize;

function fitting(answers: Answer[], room: number): Answer[] {
  let used = 0;
  const end = answers.findIndex((answer) => {
    used += sizeOf(answer);
    return used > room;
  });
  return end < 0 ? answers : answers.slice(0, end);
}

/** NOERROR with these records. When they are too many, as many as fit and TC: the client comes again by TCP. */
export function respond(query: Query, answers: Answer[], transport: Transport): Buffer {
  const flags = flagsFor(query.bytes, rcodes.noError);
  const limit = limitOf(query, transport);
  const whole = build(query, flags, answers);
  if (whole.length <= limit) return whole;
  const room = limit - build(query, flags, []).length;
  return build(query, flags | TRUNCATED_RESPONSE, fitting(answers, room));
}

/** Nothing but "come again by TCP". */
export const truncated = (query: Query): Buffer =>
  build(query, flagsFor(query.bytes, rcodes.noError) | TRUNCATED_RESPONSE, []);

/** An answer without records to anything that has a header. */
export function refuse(bytes: Buffer, rcode: number): Buffer {
  const question = questionOf(bytes);
  const header = Buffer.alloc(headerSize);
  header.writeUInt16BE(bytes.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8000 | flagsFor(bytes, rcode), 2);
  header.writeUInt16BE(question ? 1 : 0, 4);
  return question ? Buffer.concat([header, question]) : header;
}
