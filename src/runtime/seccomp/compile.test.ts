import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { defaultCapabilities } from '../../linux/capabilities.ts';
import { type Architecture, syscallTable } from '../../linux/syscalls/tables.ts';
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall, SeccompOperator } from '../../oci/runtime.ts';
import { compileSeccomp, returnValue, seccompFlags } from './compile.ts';
import { defaultProfile } from './default-profile.ts';
import { interpret } from './interpreter.test-data.ts';
import { parseProfile } from './profile.ts';
import { resolveProfile } from './resolve.ts';

const arches = {
  x86_64: 0xc000003e,
  i386: 0x40000003,
  x32: 0xc000003e,
  aarch64: 0xc00000b7,
  arm: 0x40000028,
};
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const KILL = 0x80000000;

const numberOf = (arch: Architecture, name: string) => {
  const nr = syscallTable(arch).get(name);
  if (nr === undefined) throw new Error(`${arch} has no ${name}`);
  return nr;
};

function ask(filter: Uint8Array, arch: Architecture, name: string, ...args: (number | bigint)[]): number {
  return interpret(filter, { arch: arches[arch], nr: numberOf(arch, name), args }).value;
}

const filterWith = (...more: string[]) =>
  compileSeccomp(resolveProfile(defaultProfile, [...defaultCapabilities, ...more], '6.18.0', 'x86_64'));
const standard = filterWith();

describe('the default profile', () => {
  test('every call that is allowed without condition is allowed on every architecture that has it', () => {
    const [general] = defaultProfile.rules;
    for (const arch of ['x86_64', 'x32', 'i386'] as const)
      for (const name of general?.names ?? []) {
        const nr = syscallTable(arch).get(name);
        if (nr !== undefined)
          expect([name, interpret(standard, { arch: arches[arch], nr }).value]).toEqual([name, ALLOW]);
      }
  });

  test('what no rule names is refused', () => {
    const named = new Set(defaultProfile.rules.flatMap(({ names }) => names));
    const others = [...syscallTable('x86_64')].filter(([name, nr]) => !named.has(name) && nr < 335);
    expect(others.length).toBeGreaterThan(20);
    for (const [name, nr] of others)
      expect([name, interpret(standard, { arch: arches.x86_64, nr }).value]).toEqual([name, EPERM]);
  });

  test('rules for capabilities apply with them and not without', () => {
    for (const rule of defaultProfile.rules) {
      const [cap] = rule.includes.caps;
      if (!cap || rule.includes.arches.length > 0 || rule.args.length > 0) continue;
      const filter = filterWith(cap);
      for (const name of rule.names.filter((each) => syscallTable('x86_64').has(each))) {
        expect([name, ask(filter, 'x86_64', name)]).toEqual([name, ALLOW]);
        const elsewhere = defaultProfile.rules.some(
          (other) =>
            other.names.includes(name) &&
            other.includes.caps.every((given) => defaultCapabilities.includes(given)),
        );
        if (!elsewhere) expect([name, ask(standard, 'x86_64', name) !== ALLOW]).toEqual([name, true]);
      }
    }
  });

  test('clone3 fails with ENOSYS, so that libc falls back to clone', () => {
    for (const arch of ['x86_64', 'i386', 'x32'] as const) expect(ask(standard, arch, 'clone3')).toBe(ENOSYS);
    expect(ask(filterWith('CAP_SYS_ADMIN'), 'x86_64', 'clone3')).toBe(ALLOW);
  });

  test('clone makes threads and processes but no namespaces', () => {
    expect(ask(standard, 'x86_64', 'clone', 0x3d0f00)).toBe(ALLOW);
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
      expect(ask(standard, 'x86_64', 'clone', flag | 17)).toBe(EPERM);
    expect(ask(filterWith('CAP_SYS_ADMIN'), 'x86_64', 'clone', 0x20000)).toBe(ALLOW);
  });

  test('AF_ALG (CVE-2026-31431) and AF_VSOCK are denied, all other families not', () => {
    for (const arch of ['x86_64', 'i386', 'x32'] as const)
      for (let family = 0; family < 46; family++)
        expect([family, ask(standard, arch, 'socket', family, 5, 0)]).toEqual([
          family,
          family === 38 || family === 40 ? EPERM : ALLOW,
        ]);
  });

  test('socketcall makes no sockets but does the rest', () => {
    expect(ask(standard, 'i386', 'socketcall', 1)).toBe(EPERM);
    for (let call = 2; call <= 20; call++) expect(ask(standard, 'i386', 'socketcall', call)).toBe(ALLOW);
  });

  test('personality: the five harmless ones', () => {
    for (const value of [0, 8, 0x20000, 0x20008, 0xffffffff])
      expect(ask(standard, 'x86_64', 'personality', value)).toBe(ALLOW);
    for (const value of [1, 0x40000, 0x100000000n, 0xffffffffffffffffn])
      expect(ask(standard, 'x86_64', 'personality', value)).toBe(EPERM);
  });

  test('ptrace from kernel 4.8 on', () => {
    expect(ask(standard, 'x86_64', 'ptrace')).toBe(ALLOW);
    const old = compileSeccomp(resolveProfile(defaultProfile, defaultCapabilities, '4.4.0', 'x86_64'));
    expect(ask(old, 'x86_64', 'ptrace')).toBe(EPERM);
  });

  test('newer calls than it knows: ENOSYS; foreign architectures: killed', () => {
    expect(interpret(standard, { arch: arches.x86_64, nr: 5000 }).value).toBe(ENOSYS);
    expect(interpret(standard, { arch: arches.i386, nr: 5000 }).value).toBe(ENOSYS);
    expect(interpret(standard, { arch: arches.x86_64, nr: 0x40000000 + 5000 }).value).toBe(ENOSYS);
    expect(interpret(standard, { arch: arches.aarch64, nr: 1 }).value).toBe(KILL);
  });

  test('io_uring, bpf, keyctl, userfaultfd, unshare, mount are denied', () => {
    for (const name of [
      'io_uring_setup',
      'bpf',
      'keyctl',
      'add_key',
      'userfaultfd',
      'unshare',
      'mount',
      'kexec_load',
    ])
      expect([name, ask(standard, 'x86_64', name)]).toEqual([name, EPERM]);
  });

  test('is short, and quick to ask', () => {
    expect(standard.length / 8).toBeLessThan(700);
    for (const name of ['read', 'futex', 'openat', 'epoll_pwait2'])
      expect(interpret(standard, { arch: arches.x86_64, nr: numberOf('x86_64', name) }).steps).toBeLessThan(
        16,
      );
  });

  test('on arm64 with its 32-bit sibling', () => {
    const filter = compileSeccomp(resolveProfile(defaultProfile, defaultCapabilities, '6.18.0', 'aarch64'));
    expect(ask(filter, 'aarch64', 'openat')).toBe(ALLOW);
    expect(ask(filter, 'aarch64', 'mount')).toBe(EPERM);
    expect(ask(filter, 'arm', 'set_tls')).toBe(ALLOW);
    expect(ask(filter, 'arm', 'socket', 38)).toBe(EPERM);
  });
});

const holds: Record<SeccompOperator, (arg: bigint, value: bigint, two: bigint) => boolean> = {
  SCMP_CMP_EQ: (arg, value) => arg === value,
  SCMP_CMP_NE: (arg, value) => arg !== value,
  SCMP_CMP_LT: (arg, value) => arg < value,
  SCMP_CMP_LE: (arg, value) => arg <= value,
  SCMP_CMP_GT: (arg, value) => arg > value,
  SCMP_CMP_GE: (arg, value) => arg >= value,
  SCMP_CMP_MASKED_EQ: (arg, mask, two) => (arg & mask) === two,
};

const operator = fc.constantFrom(...(Object.keys(holds) as SeccompOperator[]));
/** Values around the border between the halves, and any. */
const value = fc.oneof(
  fc.constantFrom(0, 1, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff, 2 ** 53 - 1),
  fc.maxSafeNat(),
  fc.nat(),
);

describe('comparisons', () => {
  test('of 64-bit arguments agree with arithmetic', () => {
    const property = fc.property(
      operator,
      value,
      value,
      value,
      fc.nat(5),
      (op, expected, valueTwo, actual, index) => {
        const args: LinuxSeccompArg[] = [{ index, value: expected, valueTwo, op }];
        const filter = compileSeccomp({
          defaultAction: 'SCMP_ACT_ERRNO',
          syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', args }],
        });
        const values = [7, 7, 7, 7, 7, 7];
        values[index] = actual;
        const wanted = holds[op](BigInt(actual), BigInt(expected), BigInt(valueTwo)) ? ALLOW : EPERM;
        expect(ask(filter, 'x86_64', 'read', ...values)).toBe(wanted);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test('conditions on different arguments must all hold, on the same one any', () => {
    const arg = (index: number, wanted: number): LinuxSeccompArg => ({
      index,
      value: wanted,
      op: 'SCMP_CMP_EQ',
    });
    const filter = compileSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [arg(0, 1), arg(2, 3)] },
        { names: ['write'], action: 'SCMP_ACT_ALLOW', args: [arg(0, 1), arg(0, 3)] },
      ],
    });
    expect(ask(filter, 'x86_64', 'read', 1, 0, 3)).toBe(ALLOW);
    expect(ask(filter, 'x86_64', 'read', 1, 0, 4)).toBe(EPERM);
    expect(ask(filter, 'x86_64', 'read', 2, 0, 3)).toBe(EPERM);
    expect(ask(filter, 'x86_64', 'write', 3)).toBe(ALLOW);
    expect(ask(filter, 'x86_64', 'write', 2)).toBe(EPERM);
  });
});

describe('any profile', () => {
  const names = [...syscallTable('x86_64').keys()];
  const action = fc.constantFrom(
    'SCMP_ACT_ALLOW',
    'SCMP_ACT_ERRNO',
    'SCMP_ACT_KILL_PROCESS',
    'SCMP_ACT_TRAP',
  ) as fc.Arbitrary<'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO' | 'SCMP_ACT_KILL_PROCESS' | 'SCMP_ACT_TRAP'>;
  const rule: fc.Arbitrary<LinuxSyscall> = fc.record({
    names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 40 }),
    action,
    errnoRet: fc.integer({ min: 1, max: 200 }),
    args: fc.array(fc.record({ index: fc.nat(5), value: fc.nat(10), valueTwo: fc.nat(10), op: operator }), {
      maxLength: 1,
    }),
  });

  /** The meaning of a profile, without any compiling: special before general, the last general one wins. */
  function meaning(seccomp: LinuxSeccomp, name: string, args: number[]): number {
    const rules = (seccomp.syscalls ?? []).filter((each) => each.names.includes(name));
    const special = rules.find(
      ({ args: [arg] = [] }) =>
        arg && holds[arg.op](BigInt(args[arg.index] ?? 0), BigInt(arg.value), BigInt(arg.valueTwo ?? 0)),
    );
    const general = rules.findLast(({ args: list = [] }) => list.length === 0);
    const found = special ?? general;
    return found ? returnValue(found.action, found.errnoRet) : returnValue(seccomp.defaultAction);
  }

  test('compiles to what it says', () => {
    const property = fc.property(
      fc.array(rule, { maxLength: 60 }),
      action,
      fc.array(fc.nat(10), { minLength: 6, maxLength: 6 }),
      (syscalls, defaultAction, args) => {
        const seccomp: LinuxSeccomp = {
          defaultAction,
          syscalls,
          architectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
        };
        const filter = compileSeccomp(seccomp);
        const known = Math.max(
          -1,
          ...syscalls.flatMap((each) => each.names.map((name) => numberOf('x86_64', name))),
        );
        for (const name of names.filter((each) => numberOf('x86_64', each) <= known))
          expect([name, ask(filter, 'x86_64', name, ...args)]).toEqual([name, meaning(seccomp, name, args)]);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
});

test('the same container settings give the same compiled filter', () => {
  const again = resolveProfile(defaultProfile, [...defaultCapabilities].reverse(), '6.18.0', 'x86_64');
  expect(compileSeccomp(again)).toBe(standard);
});

test('flags, and refusals of what cannot be compiled', () => {
  expect(seccompFlags({ defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_LOG'] })).toBe(2);
  expect(() => seccompFlags({ defaultAction: 'SCMP_ACT_ALLOW', flags: ['NONE'] })).toThrow(
    'unknown seccomp flag',
  );
  expect(() => compileSeccomp({ defaultAction: 'SCMP_ACT_NOTIFY' })).toThrow('not supported');
});

describe('profiles of the user', () => {
  test('Docker’s old form with name, architectures and errno', () => {
    const profile = parseProfile(
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: ['SCMP_ARCH_X86_64'],
        syscalls: [{ name: 'chmod', action: 'SCMP_ACT_ERRNO', errnoRet: 13, args: [] }],
      }),
    );
    const filter = compileSeccomp(resolveProfile(profile, [], '6.1', 'x86_64'));
    expect(ask(filter, 'x86_64', 'chmod')).toBe(0x0005000d);
    expect(ask(filter, 'x86_64', 'read')).toBe(ALLOW);
    expect(interpret(filter, { arch: arches.x86_64, nr: 0x40000000 }).value).toBe(KILL);
  });

  test('bad ones are refused with a reason', () => {
    const refused: [string, string][] = [
      ['{', 'Decoding seccomp profile failed'],
      ['[]', 'the profile is not an object'],
      ['{"defaultAction":"ALLOW"}', 'unknown action "ALLOW"'],
      [
        '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}',
        'index is greater than 5',
      ],
      [
        '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["A"],"archMap":[{"architecture":"B"}]}',
        'use either',
      ],
    ];
    for (const [text, reason] of refused) expect(() => parseProfile(text)).toThrow(reason);
  });

  test('no text makes the parser throw anything but its own error', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          parseProfile(text);
        } catch (error) {
          expect(error).toHaveProperty('kind', 'invalid');
        }
      }),
      { numRuns: 300 },
    );
  });
});
