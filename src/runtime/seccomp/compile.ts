/**
 * The spec's seccomp section as a classic BPF program: which architecture, then a binary search over ranges of system
 * call numbers with the same fate, then at most a few comparisons of arguments.
 *
 * Decisions: an architecture that is not listed kills the process. Rules with arguments are asked before the one without
 * (the special before the general), in the profile's order. A call newer than all that the profile knows fails with ENOSYS
 * instead of the default EPERM, as runc does it, so that a libc falls back to what it used before.
 */
import { invalid } from '../../lib/errors.ts';
import { type Architecture, nativeArchitecture, syscallTable } from '../../linux/syscalls/tables.ts';
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall, SeccompAction } from '../../oci/runtime.ts';
import { compare } from './arguments.ts';
import { Assembler, JUMP, type Label } from './assembler.ts';

/** AUDIT_ARCH_* of <linux/audit.h>. x32 is x86_64 with bit 30 in the number. */
const auditArch: Record<Architecture, number> = {
  x86_64: 0xc000003e,
  x32: 0xc000003e,
  i386: 0x40000003,
  aarch64: 0xc00000b7,
  arm: 0x40000028,
};

const architectureNames: Readonly<Record<string, Architecture>> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'i386',
  SCMP_ARCH_X32: 'x32',
  SCMP_ARCH_AARCH64: 'aarch64',
  SCMP_ARCH_ARM: 'arm',
};

const NR = 0;
const ARCH = 4;
const X32_BIT = 0x40000000;
const EPERM = 1;
const ENOSYS = 38;
const KILL_PROCESS = 0x80000000;

/** SECCOMP_RET_* of <linux/seccomp.h>, with the errno in the lower half. */
export function returnValue(action: SeccompAction, errno = EPERM): number {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return 0x7fff0000;
    case 'SCMP_ACT_LOG':
      return 0x7ffc0000;
    case 'SCMP_ACT_TRACE':
      return 0x7ff00000 | (errno & 0xffff);
    case 'SCMP_ACT_ERRNO':
      return 0x00050000 | (errno & 0xffff);
    case 'SCMP_ACT_TRAP':
      return 0x00030000;
    case 'SCMP_ACT_KILL_PROCESS':
      return KILL_PROCESS;
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return 0;
    case 'SCMP_ACT_NOTIFY':
      throw invalid('seccomp notifications (SCMP_ACT_NOTIFY) are not supported');
  }
}

/** What happens to one system call: the rules with arguments in order, then `otherwise`. */
interface Fate {
  rules: { args: readonly LinuxSeccompArg[]; value: number }[];
  otherwise: number;
}

/** Two conditions on the same argument mean "either" (as in runc); on different ones, "both". */
function alternatives(args: readonly LinuxSeccompArg[]): LinuxSeccompArg[][] {
  const indexes = new Set(args.map(({ index }) => index));
  return indexes.size === args.length ? [[...args]] : args.map((arg) => [arg]);
}

function addRule(fate: Fate, { action, errnoRet, args = [] }: LinuxSyscall): void {
  const value = returnValue(action, errnoRet);
  if (args.length === 0) fate.otherwise = value;
  else fate.rules.push(...alternatives(args).map((list) => ({ args: list, value })));
}

/** Numbers from `start` up to the next entry's start. */
interface Range {
  start: number;
  fate: Fate;
}

const sameFate = (a: Fate, b: Fate) =>
  a === b || (a.rules.length === 0 && b.rules.length === 0 && a.otherwise === b.otherwise);

function fatesOf(
  seccomp: LinuxSeccomp,
  table: ReadonlyMap<string, number>,
  otherwise: number,
): Map<number, Fate> {
  const fates = new Map<number, Fate>();
  for (const rule of seccomp.syscalls ?? [])
    for (const name of rule.names) {
      const number = table.get(name);
      if (number === undefined) continue;
      const fate = fates.get(number) ?? { rules: [], otherwise };
      fates.set(number, fate);
      addRule(fate, rule);
    }
  return fates;
}

/** All numbers from `first` on, as few ranges as possible. */
function rangesOf(seccomp: LinuxSeccomp, architecture: Architecture, first: number): Range[] {
  const otherwise = returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet);
  const fates = fatesOf(seccomp, syscallTable(architecture), otherwise);
  const unknown =
    seccomp.defaultAction === 'SCMP_ACT_ERRNO' ? returnValue('SCMP_ACT_ERRNO', ENOSYS) : otherwise;
  const ranges: Range[] = [];
  const add = (start: number, fate: Fate) => {
    const last = ranges.at(-1);
    if (last?.start === start) ranges.pop();
    const before = ranges.at(-1);
    if (!before || !sameFate(before.fate, fate)) ranges.push({ start, fate });
  };
  add(first, { rules: [], otherwise });
  for (const [number, fate] of [...fates].sort((a, b) => a[0] - b[0])) {
    add(number, fate);
    add(number + 1, { rules: [], otherwise });
  }
  const last = Math.max(first - 1, ...fates.keys());
  add(last + 1, { rules: [], otherwise: unknown });
  return ranges;
}

function emitFate(program: Assembler, { rules, otherwise }: Fate): Label {
  let next = program.return(otherwise);
  for (const { args, value } of [...rules].reverse()) {
    let yes = program.return(value);
    for (const arg of [...args].reverse()) yes = compare(program, arg, yes, next);
    next = yes;
  }
  return next;
}

function emitSearch(program: Assembler, ranges: readonly Range[], blocks: ReadonlyMap<Fate, Label>): Label {
  const [only] = ranges;
  if (ranges.length === 1 && only) return blocks.get(only.fate) ?? program.return(only.fate.otherwise);
  const half = ranges.length >> 1;
  const right = emitSearch(program, ranges.slice(half), blocks);
  const left = emitSearch(program, ranges.slice(0, half), blocks);
  return program.jump(JUMP.ge, ranges[half]?.start ?? 0, right, left);
}

/** Returns where the filter for that AUDIT_ARCH begins; it loads the number itself. */
function emitArchitecture(program: Assembler, ranges: readonly Range[]): Label {
  const blocks = new Map<Fate, Label>();
  for (const { fate } of ranges)
    if (fate.rules.length > 0 && !blocks.has(fate)) blocks.set(fate, emitFate(program, fate));
  program.follow(emitSearch(program, ranges, blocks));
  return program.load(NR);
}

/** x32 calls when that architecture is not listed are like those of an unknown one. */
const noX32: Range = { start: X32_BIT, fate: { rules: [], otherwise: KILL_PROCESS } };

function rangesByArch(seccomp: LinuxSeccomp): Map<number, Range[]> {
  const listed = (seccomp.architectures ?? []).flatMap((name) => architectureNames[name] ?? []);
  const wanted = new Set<Architecture>([nativeArchitecture, ...listed]);
  const byArch = new Map<number, Range[]>();
  for (const architecture of wanted) {
    if (architecture === 'x32') continue;
    const ranges = rangesOf(seccomp, architecture, 0);
    if (architecture === 'x86_64')
      ranges.push(...(wanted.has('x32') ? rangesOf(seccomp, 'x32', X32_BIT) : [noX32]));
    byArch.set(auditArch[architecture], ranges);
  }
  return byArch;
}

function compile(seccomp: LinuxSeccomp): Uint8Array {
  const program = new Assembler();
  const filters = [...rangesByArch(seccomp)].map(
    ([arch, ranges]) => [arch, emitArchitecture(program, ranges)] as const,
  );
  let next = program.return(KILL_PROCESS);
  for (const [arch, filter] of filters) next = program.jump(JUMP.eq, arch, filter, next);
  program.follow(next);
  program.load(ARCH);
  return program.finish();
}

const compiled = new WeakMap<LinuxSeccomp, Uint8Array>();

/** struct sock_filter[]. The same object is compiled once: see resolveProfile. */
export function compileSeccomp(seccomp: LinuxSeccomp): Uint8Array {
  const program = compiled.get(seccomp) ?? compile(seccomp);
  compiled.set(seccomp, program);
  return program;
}

const flagBits: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
};

export function seccompFlags({ flags = [] }: LinuxSeccomp): number {
  return flags.reduce((bits, name) => {
    const bit = flagBits[name];
    if (bit === undefined) throw invalid(`unknown seccomp flag: ${name}`);
    return bits | bit;
  }, 0);
}
