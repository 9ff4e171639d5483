import { describe, expect, test } from 'bun:test';
import { parsed, queryFor, view } from './dns.test-data.ts';
import { localAnswers } from './local.ts';
import type { NameView } from './model.ts';

const dataOf = (name: string, type = 'A', from: NameView = view) =>
  localAnswers(parsed(queryFor(name, type)), from)?.map((answer) => ('data' in answer ? answer.data : ''));

describe('a name of the networks', () => {
  test('has the addresses of the family that is asked for, or none', () => {
    expect(dataOf('web')?.sort()).toEqual(['10.9.0.2', '10.9.0.3']);
    expect(dataOf('web', 'AAAA')).toEqual(['fd00::2']);
    expect(dataOf('db', 'AAAA')).toEqual([]);
    expect(dataOf('web', 'ANY')?.sort()).toEqual(['10.9.0.2', '10.9.0.3', 'fd00::2']);
  });

  test('has no other records, and the world is not asked for them', () => {
    for (const type of ['MX', 'TXT', 'SRV', 'SOA', 'PTR', 'UNKNOWN_65'])
      expect(dataOf('web', type)).toEqual([]);
  });

  test('knows no case and no dot at the end, and is called what it was asked for', () => {
    const answers = localAnswers(parsed(queryFor('WEB.Net.')), view);
    expect(answers?.map(({ name, type }) => [name, type])).toEqual([
      ['WEB.Net', 'A'],
      ['WEB.Net', 'A'],
    ]);
    expect(answers?.[0]).toMatchObject({ ttl: 600 });
  });

  test('with several addresses begins with each of them, sooner or later', () => {
    const first = new Set(Array.from({ length: 100 }, () => dataOf('web')?.[0]));
    expect(first).toEqual(new Set(['10.9.0.2', '10.9.0.3']));
  });

  test('is not meant by one label that has a dot in it', () => {
    expect(dataOf('a.b')).toEqual(['10.9.0.5']);
    const bytes = queryFor('a.b');
    const oneLabel = Buffer.concat([bytes.subarray(0, 12), Buffer.from('\x03a.b\0'), bytes.subarray(-4)]);
    expect(parsed(oneLabel).name).toBe('a.b');
    expect(localAnswers(parsed(oneLabel), view)).toBeNull();
  });
});

test('addresses of the networks have names', () => {
  expect(dataOf('4.0.9.10.IN-ADDR.arpa', 'PTR')).toEqual(['db.net.']);
  expect(dataOf(`4${'.0'.repeat(29)}.d.f.ip6.arpa`, 'PTR')).toEqual(['db.net.']);
  expect(dataOf('5.0.9.10.in-addr.arpa', 'PTR')).toBeUndefined();
});

test('everything else is for the world: other names, the root, other classes', () => {
  expect(dataOf('example.com')).toBeUndefined();
  expect(dataOf('bare')).toBeUndefined();
  expect(dataOf('.', 'NS')).toBeUndefined();
  const chaos = queryFor('web', 'TXT');
  chaos.writeUInt16BE(3, chaos.length - 2);
  expect(localAnswers(parsed(chaos), view)).toBeNull();
});

test('where the container has ndots, unknown names without a dot stay here', () => {
  const keeping = { ...view, keepsBareNames: true };
  expect(dataOf('bare', 'A', keeping)).toEqual([]);
  expect(dataOf('bare', 'AAAA', keeping)).toEqual([]);
  expect(dataOf('bare', 'MX', keeping)).toBeUndefined();
  expect(dataOf('example.com', 'A', keeping)).toBeUndefined();
});
