import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { LinuxDeviceCgroup } from '../../oci/runtime.ts';
import { deviceProgram } from './device-program.ts';

const bits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

interface Access {
  type: 'b' | 'c';
  major: number;
  minor: number;
  access: string;
}

/** The instructions that deviceProgram uses, as the kernel runs them. */
function allows(program: Uint8Array, { type, major, minor, access }: Access): boolean {
  const view = new DataView(program.buffer);
  const wanted = [...access].reduce((sum, letter) => sum | (bits[letter] ?? 0), 0);
  const context = [(wanted << 16) | (type === 'b' ? 1 : 2), major, minor];
  const registers = Array.from({ length: 11 }, () => 0);
  for (let pc = 0; pc < program.length / 8; pc++) {
    const operands = view.getUint8(pc * 8 + 1);
    const [dst, src] = [operands & 15, operands >> 4];
    const offset = view.getInt16(pc * 8 + 2, true);
    const imm = view.getInt32(pc * 8 + 4, true);
    const value = registers[dst] ?? 0;
    switch (view.getUint8(pc * 8)) {
      case 0x61:
        registers[dst] = context[offset / 4] ?? 0;
        break;
      case 0xb4:
        registers[dst] = imm;
        break;
      case 0xbc:
        registers[dst] = registers[src] ?? 0;
        break;
      case 0x54:
        registers[dst] = value & imm;
        break;
      case 0x74:
        registers[dst] = value >>> imm;
        break;
      case 0x55:
        if (value !== imm) pc += offset;
        break;
      case 0x5d:
        if (value !== registers[src]) pc += offset;
        break;
      case 0x15:
        if (value === imm) pc += offset;
        break;
      case 0x95:
        return registers[0] === 1;
      default:
        throw new Error(`instruction ${pc} is none`);
    }
  }
  throw new Error('fell off the end');
}

const rule = (allow: boolean, text: string): LinuxDeviceCgroup => {
  const match = /^([acb]) (\d+|\*):(\d+|\*) (\w+)$/.exec(text);
  const number = (digits = '*') => (digits === '*' ? undefined : Number(digits));
  return {
    allow,
    type: match?.[1] ?? 'a',
    major: number(match?.[2]),
    minor: number(match?.[3]),
    access: match?.[4] ?? 'rwm',
  };
};
const ask = (rules: LinuxDeviceCgroup[], access: Access) => {
  const program = deviceProgram(rules);
  return program === null || allows(program, access);
};

describe('device program', () => {
  const rules = [
    rule(false, 'all'),
    rule(true, 'c *:* m'),
    rule(true, 'c 1:3 rwm'),
    rule(true, 'c 136:* rwm'),
  ];

  test('what is listed, and nothing else', () => {
    expect(ask(rules, { type: 'c', major: 1, minor: 3, access: 'rw' })).toBe(true);
    expect(ask(rules, { type: 'c', major: 136, minor: 77, access: 'rw' })).toBe(true);
    expect(ask(rules, { type: 'c', major: 10, minor: 229, access: 'm' })).toBe(true);
    expect(ask(rules, { type: 'c', major: 10, minor: 229, access: 'r' })).toBe(false);
    expect(ask(rules, { type: 'b', major: 1, minor: 3, access: 'r' })).toBe(false);
  });

  test('later rules win', () => {
    const narrowed = [...rules, rule(false, 'c 1:3 w')];
    expect(ask(narrowed, { type: 'c', major: 1, minor: 3, access: 'r' })).toBe(true);
    expect(ask(narrowed, { type: 'c', major: 1, minor: 3, access: 'rw' })).toBe(false);
  });

  test('permissions given one by one add up', () => {
    const split = [rule(false, 'all'), rule(true, 'b 8:0 r'), rule(true, 'b 8:0 w')];
    expect(ask(split, { type: 'b', major: 8, minor: 0, access: 'rw' })).toBe(true);
    expect(ask(split, { type: 'b', major: 8, minor: 0, access: 'rwm' })).toBe(false);
  });

  test('everything allowed needs no program; no rules allow nothing', () => {
    expect(deviceProgram([rule(true, 'all')])).toBeNull();
    expect(ask([], { type: 'c', major: 1, minor: 3, access: 'r' })).toBe(false);
  });

  test('lists of distinct devices mean the same as asking the rules in order', () => {
    const device = fc.record({
      allow: fc.boolean(),
      type: fc.constantFrom('c', 'b'),
      major: fc.nat(3),
      minor: fc.nat(3),
    });
    const access = fc.constantFrom('r', 'w', 'm', 'rw', 'rwm');
    const property = fc.property(fc.array(device), device, access, (list, asked, wanted) => {
      const given = list.map((each) => ({ ...each, access: 'rwm' }));
      const match = given.findLast(
        (each) => each.type === asked.type && each.major === asked.major && each.minor === asked.minor,
      );
      const type = asked.type === 'b' ? 'b' : 'c';
      expect(ask(given, { ...asked, type, access: wanted })).toBe(match?.allow ?? false);
    });
    fc.assert(property);
  });
});
