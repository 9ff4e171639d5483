/** DNS messages as bytes (RFC 1035 section 4), as far as they need no parser: what is forwarded is passed on untouched. */

export const headerSize = 12;

export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  notImplemented: 4,
  refused: 5,
} as const;
export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];

const QR = 0x8000;
const TC = 0x0200;
const RD = 0x0100;
const RA = 0x0080;
const opcodeMask = 0x7800;

export const idOf = (message: Buffer): number => message.readUInt16BE(0);
export const isQuery = (message: Buffer): boolean => (message.readUInt16BE(2) & QR) === 0;
export const isStandard = (message: Buffer): boolean => (message.readUInt16BE(2) & opcodeMask) === 0;
export const isTruncated = (message: Buffer): boolean => (message.readUInt16BE(2) & TC) !== 0;
export const responseCode = (message: Buffer): number => message.readUInt16BE(2) & 15;
export const questionCount = (message: Buffer): number => message.readUInt16BE(4);

export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** The bytes of the only question; null when there is none, or it is not whole. */
export function questionOf(message: Buffer): Buffer | null {
  if (message.length < headerSize || questionCount(message) !== 1) return null;
  let at = headerSize;
  for (;;) {
    const length = message[at];
    // A question's name is never compressed: there is nothing before it to point at.
    if (length === undefined || length > 63) return null;
    at += 1 + length;
    if (length === 0) break;
  }
  return at + 4 <= message.length ? message.subarray(headerSize, at + 4) : null;
}

/** A response with the question and nothing else. */
export function emptyResponse(query: Buffer, code: ResponseCode, { truncated = false } = {}): Buffer {
  const question = questionOf(query) ?? Buffer.alloc(0);
  const header = Buffer.alloc(headerSize);
  header.writeUInt16BE(idOf(query), 0);
  const kept = query.readUInt16BE(2) & (opcodeMask | RD);
  header.writeUInt16BE(QR | kept | RA | (truncated ? TC : 0) | code, 2);
  header.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  return Buffer.concat([header, question]);
}
