import { expect, test } from 'bun:test';
import { acceptKey, encodeFrame, FrameDecoder, type Message, opcodes } from './websocket.ts';

/** What a client sends: masked. */
function masked(opcode: number, text: string, final = true): Buffer {
  const payload = Buffer.from(text);
  const plain = encodeFrame(opcode, payload);
  const header = plain.length - payload.length;
  const mask = [1, 2, 3, 4];
  const body = payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  const head = Buffer.from(plain.subarray(0, header));
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, Buffer.from(mask), body]);
}

function decode(bytes: Buffer, size: number): { text: string; kinds: Message['kind'][] } {
  const decoder = new FrameDecoder();
  const kinds: Message['kind'][] = [];
  let text = '';
  for (let at = 0; at < bytes.length; at += size)
    for (const message of decoder.push(bytes.subarray(at, at + size))) {
      if (message.kind === 'data') text += Buffer.from(message.payload);
      else kinds.push(message.kind);
    }
  return { text, kinds };
}

test('the key of RFC 6455, section 1.3', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('frames of every length encoding, cut anywhere', () => {
  const long = 'x'.repeat(70_000);
  const bytes = Buffer.concat([
    masked(opcodes.binary, 'small'),
    masked(opcodes.ping, 'beat'),
    masked(opcodes.text, 'y'.repeat(300), false),
    masked(opcodes.continuation, long),
    masked(opcodes.binary, ''),
    masked(opcodes.close, ''),
  ]);
  for (const size of [1, 2, 7, 1000, bytes.length])
    expect(decode(bytes, size)).toEqual({ text: `small${'y'.repeat(300)}${long}`, kinds: ['ping', 'close'] });
});

test('protocol errors', () => {
  expect(() => decode(encodeFrame(opcodes.binary, Buffer.from('x')), 100)).toThrow('must mask');
  expect(() => decode(masked(opcodes.ping, 'x'.repeat(126)), 1000)).toThrow('bad control frame');
  expect(() => decode(masked(opcodes.ping, 'x', false), 1000)).toThrow('bad control frame');
});
