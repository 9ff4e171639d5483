import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { flags } from './messages.ts';
import { events, launchLayout, names, requests } from './protocol.ts';

const header = readFileSync(new URL('../../native/protocol.h', import.meta.url), 'utf8');
const native = readFileSync(new URL('../../native/shim.c', import.meta.url), 'utf8');

/** `NAME = 1,` lines of the header that begin with the prefix. */
function constants(prefix: string): Record<string, number> {
  const found = header.matchAll(new RegExp(`\\b${prefix}_([A-Z_]+) = (\\d+)`, 'g'));
  return Object.fromEntries([...found].map(([, name = '', value]) => [name.toLowerCase(), Number(value)]));
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const codes = (table: Record<string, { code: number }>) =>
  Object.fromEntries(Object.entries(table).map(([name, { code }]) => [snake(name), code]));

test('native/protocol.h has the same events, requests and flags', () => {
  expect(constants('EVENT')).toEqual(codes(events));
  expect(constants('REQUEST')).toEqual(codes(requests));
  expect(constants('WANT')).toEqual(flags);
});

test('native/shim.c reads the launch in the order in which it is written', () => {
  const reads = native.matchAll(/shim\.launch\.(\w+) = (?:read|keep)_(\w+)\(&reader/g);
  const order = [...reads].map(([, name, type]) => [name, type]);
  expect(order).toEqual(Object.entries(launchLayout).map(([name, type]) => [snake(name), type]));
});

test('native/protocol.h has the same numbers for names', () => {
  const { transport, keep, ...limits } = names;
  const defines = [...header.matchAll(/#define NAMES_(\w+) (\d+)/g)];
  const found = Object.fromEntries(
    defines.map(([, name = '', value]) => [name.toLowerCase(), Number(value)]),
  );
  expect(found).toEqual(Object.fromEntries(Object.entries(limits).map(([name, n]) => [snake(name), n])));
  expect(constants('NAMES_KEEP')).toEqual(keep);
  expect(constants('NAMES')).toMatchObject(transport);
});
