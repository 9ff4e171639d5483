import { describe, expect, test } from 'bun:test';
import { edns, parsed, queryFor } from './dns.test-data.ts';
import { parseQuery, questionOf, rcodes, sameQuestion } from './query.ts';

const changed = (change: (bytes: Buffer) => number, bytes = queryFor('web')) => {
  change(bytes);
  return bytes;
};

describe('parseQuery', () => {
  test('reads name, type, class and EDNS', () => {
    expect(parsed(queryFor('Web.Net.', 'AAAA', [edns(1232, true)]))).toMatchObject({
      name: 'Web.Net',
      type: 'AAAA',
      class: 'IN',
      edns: { udpSize: 1232, dnssecOk: true },
    });
    expect(parsed(queryFor('.', 'NS'))).toMatchObject({ name: '', edns: null });
  });

  test('keeps the question as it came', () => {
    const bytes = queryFor('wEb');
    expect(parsed(bytes).question).toEqual(bytes.subarray(12));
  });

  test('drops what is no query', () => {
    for (let size = 0; size < 12; size++) expect(parseQuery(queryFor('web').subarray(0, size))).toBeNull();
    expect(parseQuery(changed((bytes) => bytes.writeUInt16BE(0x8100, 2)))).toBeNull();
  });

  test('refuses other operations, other numbers of questions, and broken messages', () => {
    expect(parseQuery(changed((bytes) => bytes.writeUInt16BE(0x2800, 2)))).toBe(rcodes.notImplemented);
    expect(parseQuery(changed((bytes) => bytes.writeUInt16BE(0, 4)))).toBe(rcodes.formatError);
    expect(parseQuery(changed((bytes) => bytes.writeUInt16BE(2, 4)))).toBe(rcodes.formatError);
    expect(parseQuery(changed((bytes) => bytes.writeUInt16BE(3, 10)))).toBe(rcodes.formatError);
    const whole = queryFor('web');
    for (let size = 12; size < whole.length; size++)
      expect(parseQuery(whole.subarray(0, size))).toBe(rcodes.formatError);
    expect(parseQuery(changed((bytes) => bytes.writeUInt8(0xc0, 12)))).toBe(rcodes.formatError);
  });
});

test('a question is compared as DNS does: letters without case, type and class exactly', () => {
  const question = (name: string, type: string) => questionOf(queryFor(name, type)) ?? Buffer.alloc(0);
  expect(sameQuestion(question('web', 'A'), question('WeB', 'A'))).toBe(true);
  expect(sameQuestion(question('web', 'A'), question('web', 'AAAA'))).toBe(false);
  expect(sameQuestion(question('web', 'A'), question('wed', 'A'))).toBe(false);
  // 0x41 and 0x61 differ by the bit that makes letters small.
  expect(sameQuestion(question('web', 'UNKNOWN_65'), question('web', 'UNKNOWN_97'))).toBe(false);
});

test('a name of more than 255 bytes is none', () => {
  const label = 'x'.repeat(49);
  expect(questionOf(queryFor(Array(5).fill(label).join('.')))).not.toBeNull();
  expect(questionOf(queryFor([...Array(5).fill(label), 'xxx'].join('.')))).not.toBeNull();
  expect(questionOf(queryFor([...Array(5).fill(label), 'xxxx'].join('.')))).toBeNull();
});
