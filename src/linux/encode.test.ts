import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { encodeOperations, type FieldType, layout } from './encode.ts';

const native = (name: string) => readFileSync(new URL(`../../native/${name}`, import.meta.url), 'utf8');
const constant = (operation: string) => `OP_${operation.toUpperCase().replaceAll('-', '_')}`;

test('native/wire.h has the same codes', () => {
  const codes = [...native('wire.h').matchAll(/^\s*(OP_\w+) = (\d+),/gm)].map((m) => [m[1], Number(m[2])]);
  expect(Object.fromEntries(codes)).toEqual(
    Object.fromEntries(Object.entries(layout).map(([name, { code }]) => [constant(name), code])),
  );
});

test('native/ops.c has the same fields in the same order', () => {
  const letters: Record<FieldType, string> = {
    u32: 'u',
    u64: 'U',
    bool: 'b',
    string: 's',
    bytes: 'B',
    strings: 'S',
  };
  const fields = [...native('ops.c').matchAll(/\[(OP_\w+)\] = \{"(\w*)"/g)].map((m) => [m[1], m[2]]);
  expect(Object.fromEntries(fields)).toEqual(
    Object.fromEntries(
      Object.entries(layout).map(([name, entry]) => [
        constant(name),
        Object.values(entry.fields)
          .map((type: FieldType) => letters[type])
          .join(''),
      ]),
    ),
  );
});

test('a server of a root: its strings count what follows', () => {
  const argv = ['/f', ''];
  const bytes = encodeOperations([{ op: 'fuse-serve', side: 'host', source: 's', cwd: '', argv }]);
  expect([...bytes]).toEqual([
    ...[1, 0, 0, 0],
    ...[80, 0, 0, 0, 27, 0, 0, 0],
    ...[1, 0, 0, 0, 0x73, 0],
    ...[0, 0, 0, 0, 0],
    ...[2, 0, 0, 0],
    ...[2, 0, 0, 0, 0x2f, 0x66, 0],
    ...[0, 0, 0, 0, 0],
  ]);
});

test('an operation is code, side, flags, length and its fields', () => {
  const bytes = encodeOperations([{ op: 'mkdir', side: 'inside', optional: true, path: '/é', mode: 0o755 }]);
  expect([...bytes]).toEqual([
    ...[1, 0, 0, 0],
    ...[1, 0, 1, 1, 12, 0, 0, 0],
    ...[3, 0, 0, 0, 0x2f, 0xc3, 0xa9, 0],
    ...[0xed, 1, 0, 0],
  ]);
});
