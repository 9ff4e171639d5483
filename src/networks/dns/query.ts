/** A query as it came, and what is read of it. Reading is dns-packet's; what goes back or on is the bytes themselves. */
import { type Answer, decode } from 'dns-packet';

/** RFC 1035, section 4.1.1. */
export const rcodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;

export const headerSize = 12;
const responseFlag = 0x8000;
const opcodeMask = 0x7800;
const rcodeMask = 0xf;
const maximumName = 255;

export interface Query {
  bytes: Buffer;
  /** The question section: what an answer has to repeat byte for byte, for clients compare even the case of letters. */
  question: Buffer;
  /** As it was asked, without a dot at the end; "" = the root. */
  name: string;
  /** "A", "PTR", "UNKNOWN_65". */
  type: string;
  class: string;
  /** RFC 6891; null = the client knows nothing of it. */
  edns: { udpSize: number; dnssecOk: boolean } | null;
}

/** The question section of a message with exactly one question whose name is whole; null otherwise. */
export function questionOf(bytes: Buffer): Buffer | null {
  if (bytes.length < headerSize || bytes.readUInt16BE(4) !== 1) return null;
  let at = headerSize;
  for (let label = bytes[at]; label !== 0; label = bytes[at]) {
    if (label === undefined || label > 63) return null;
    at += 1 + label;
  }
  const end = at + 1 + 4;
  return end > bytes.length || at + 1 - headerSize > maximumName ? null : bytes.subarray(headerSize, end);
}

/** Names differ in nothing when they differ in the case of ASCII letters only (RFC 4343). */
export const lowerCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether two question sections ask for the same. */
export function sameQuestion(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length) return false;
  const name = a.length - 4;
  const letters = (question: Buffer) => lowerCase(question.toString('latin1', 0, name));
  return letters(a) === letters(b) && a.subarray(name).equals(b.subarray(name));
}

export const rcodeOf = (message: Buffer): number => message.readUInt16BE(2) & rcodeMask;
export const isResponse = (message: Buffer): boolean => (message.readUInt16BE(2) & responseFlag) !== 0;

function ednsOf(additionals: readonly Answer[] | undefined): Query['edns'] {
  const opt = additionals?.find((record) => record.type === 'OPT');
  return opt?.type === 'OPT' ? { udpSize: opt.udpPayloadSize, dnssecOk: opt.flag_do } : null;
}

/** A number is the rcode of the refusal. null: nothing that could be answered. */
export function parseQuery(bytes: Buffer): Query | number | null {
  if (bytes.length < headerSize || isResponse(bytes)) return null;
  if ((bytes.readUInt16BE(2) & opcodeMask) !== 0) return rcodes.notImplemented;
  const section = questionOf(bytes);
  if (section === null) return rcodes.formatError;
  try {
    const { questions, additionals } = decode(bytes);
    const [question] = questions ?? [];
    if (!question) return rcodes.formatError;
    return {
      bytes,
      question: section,
      name: question.name === '.' ? '' : question.name,
      type: question.type,
      class: question.class ?? 'IN',
      edns: ednsOf(additionals),
    };
  } catch {
    return rcodes.formatError;
  }
}
