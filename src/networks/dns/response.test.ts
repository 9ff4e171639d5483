import { describe, expect, test } from 'bun:test';
import { type Answer, decode } from 'dns-packet';
import { edns, parsed, queryFor } from './dns.test-data.ts';
import { limitOf, refuse, respond, truncated } from './response.ts';

const addresses = (count: number): Answer[] =>
  Array.from({ length: count }, (_, i) => ({ type: 'A', name: 'all', ttl: 600, data: `10.8.0.${i}` }));

describe('respond', () => {
  test('repeats id, question and RD, sets RA, and is not authoritative', () => {
    const bytes = queryFor('ALL');
    const answer = respond(parsed(bytes), addresses(2), 'udp');
    expect(answer.subarray(12, bytes.length)).toEqual(bytes.subarray(12));
    expect(answer.subarray(0, 12)).toEqual(Buffer.from('123481800001000200000000', 'hex'));
    expect(decode(answer).answers?.map((record) => 'data' in record && record.data)).toEqual([
      '10.8.0.0',
      '10.8.0.1',
    ]);
  });

  test('types and names that dns-packet has no word for come back as they were', () => {
    const bytes = queryFor('x', 'UNKNOWN_65');
    bytes.writeUInt8(0xff, 13);
    expect(respond(parsed(bytes), [], 'udp').subarray(12)).toEqual(bytes.subarray(12));
  });

  test('an OPT record is answered with one that has its DO bit', () => {
    const answer = decode(respond(parsed(queryFor('all', 'A', [edns(1232, true)])), [], 'udp'));
    expect(answer.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232, flag_do: true }]);
    expect(decode(respond(parsed(queryFor('all')), [], 'udp')).additionals).toEqual([]);
  });

  test.each([
    [null, 512],
    [100, 512],
    [1232, 1232],
    [65_535, 4096],
  ])('EDNS %p: at most %d bytes by UDP, as many records as fit, and TC', (size, limit) => {
    const query = parsed(queryFor('all', 'A', size === null ? [] : [edns(size)]));
    expect(limitOf(query, 'udp')).toBe(limit);
    for (let count = 15; count < 250; count++) {
      const answer = respond(query, addresses(count), 'udp');
      const found = decode(answer);
      expect(answer.length).toBeLessThanOrEqual(limit);
      expect(found.flag_tc).toBe((found.answers ?? []).length < count);
      if (found.flag_tc) expect(answer.length + 19).toBeGreaterThan(limit);
    }
    expect(decode(respond(query, addresses(250), 'tcp')).answers?.length).toBe(250);
  });
});

test('a refusal has the question where there is one', () => {
  expect(refuse(queryFor('web'), 2)).toEqual(
    Buffer.concat([Buffer.from('123481820001000000000000', 'hex'), queryFor('web').subarray(12)]),
  );
  const update = queryFor('web');
  update.writeUInt16BE(0x2800, 2);
  update.writeUInt16BE(7, 4);
  expect(refuse(update, 4)).toEqual(Buffer.from('1234a8840000000000000000', 'hex'));
});

test('truncated means: no records, but TC', () => {
  expect(decode(truncated(parsed(queryFor('web'))))).toMatchObject({ flag_tc: true, answers: [] });
});
