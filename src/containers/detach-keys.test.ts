import { expect, test } from 'bun:test';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';

test('keys', () => {
  expect([...parseDetachKeys('')]).toEqual([16, 17]);
  expect([...parseDetachKeys('a,ctrl-[,ctrl-@')]).toEqual([97, 27, 0]);
  expect(() => parseDetachKeys('ctrl-%')).toThrow('Invalid escape keys');
});

const scan = (...chunks: string[]) => {
  const scanner = new DetachScanner(parseDetachKeys('ctrl-p,ctrl-q'));
  return chunks
    .map((chunk) => {
      const { pass, detached } = scanner.push(Buffer.from(chunk));
      return Buffer.from(pass).toString() + (detached ? '!' : '');
    })
    .join('|');
};

test('the keys detach, also across chunks, and are not passed on', () => {
  expect(scan('ab\x10\x11cd')).toBe('ab!');
  expect(scan('ab\x10', '\x11')).toBe('ab|!');
});
test('half of the keys is passed on late', () => {
  expect(scan('\x10', 'x')).toBe('|\x10x');
  expect(scan('\x10\x10\x11')).toBe('\x10!');
  expect(scan('plain')).toBe('plain');
});
