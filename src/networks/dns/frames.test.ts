import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import {
  answerFrame,
  answerMax,
  FrameReader,
  keepCodes,
  keptMax,
  queryMax,
  queryOf,
  transportCodes,
} from './frames.ts';

const frame = (...bytes: number[]) => Buffer.from([0, bytes.length, ...bytes]);

describe('FrameReader', () => {
  const stream = Buffer.concat([frame(1, 2, 3), frame(), frame(4), frame(5, 6)]);

  test.each([1, 2, 3, 4, 100])('cuts chunks of %d bytes', (size) => {
    const reader = new FrameReader();
    const found: number[][] = [];
    for (let at = 0; at < stream.length; at += size)
      for (const one of reader.push(stream.subarray(at, at + size))) found.push([...one]);
    expect(found).toEqual([[1, 2, 3], [], [4], [5, 6]]);
  });

  test('refuses what no shim sends', () => {
    expect(() => new FrameReader().push(Buffer.from([0x40, 0]))).toThrow('a frame of 16384 bytes');
  });
});

test('a query is its transport and the message', () => {
  expect(queryOf(Buffer.from([1, 7, 8]))).toEqual({ transport: 'tcp', message: Buffer.from([7, 8]) });
  expect(queryOf(Buffer.from([2, 7, 8]))).toBeNull();
  expect(queryOf(Buffer.alloc(0))).toBeNull();
});

test('an answer says for what it may be kept, when it is short enough to be', () => {
  expect([...answerFrame(Buffer.from([9, 9]), 'question')]).toEqual([0, 3, 2, 9, 9]);
  expect(answerFrame(Buffer.alloc(513), 'same')[2]).toBe(0);
});

test('native/protocol.h has the same numbers', () => {
  const header = readFileSync(new URL('../../../native/protocol.h', import.meta.url), 'utf8');
  const constant = (name: string) => Number(new RegExp(`\\b${name}( =)? (\\d+)`).exec(header)?.[2]);
  expect(constant('NAMES_QUERY_MAX')).toBe(queryMax);
  expect(constant('NAMES_ANSWER_MAX')).toBe(answerMax);
  expect(constant('NAMES_KEPT_MAX')).toBe(keptMax);
  for (const [name, code] of Object.entries(transportCodes))
    expect(constant(`NAMES_${name.toUpperCase()}`)).toBe(code);
  for (const [name, code] of Object.entries(keepCodes))
    expect(constant(`NAMES_KEEP_${name.toUpperCase()}`)).toBe(code);
});
