/**
 * cgroup v2 has no devices controller: an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE decides about every open and
 * mknod. It gets struct bpf_cgroup_dev_ctx { u32 access_type; u32 major; u32 minor; }, access_type being
 * (access << 16) | type, and answers 1 (allow) or 0. Kernel: include/uapi/linux/bpf.h.
 */
import type { LinuxDeviceCgroup } from '../../oci/runtime.ts';

const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ALL_ACCESS = 7;
const TYPE: Readonly<Record<string, number>> = { b: 1, c: 2 };

/** Opcodes: class | size or operation | source. */
const BPF = {
  LOAD_WORD: 0x61, // BPF_LDX | BPF_MEM | BPF_W
  MOV32: 0xb4, // BPF_ALU | BPF_MOV | BPF_K
  MOV32_REG: 0xbc,
  AND32: 0x54,
  RSH32: 0x74,
  JNE: 0x55, // BPF_JMP | BPF_JNE | BPF_K
  JNE_REG: 0x5d,
  JEQ: 0x15,
  EXIT: 0x95,
} as const;

/** Registers: r1 is the context and then scratch; r0 the answer. */
const R = { answer: 0, context: 1, type: 2, access: 3, major: 4, minor: 5 } as const;

interface Instruction {
  code: number;
  dst?: number;
  src?: number;
  offset?: number;
  imm?: number;
}

/** Struct bpf_insn: u8 code, u8 registers (dst in the low half), s16 offset, s32 immediate. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(({ code, dst = 0, src = 0, offset = 0, imm = 0 }, index) => {
    view.setUint8(index * 8, code);
    view.setUint8(index * 8 + 1, dst | (src << 4));
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, imm, true);
  });
  return new Uint8Array(view.buffer);
}

const prologue: readonly Instruction[] = [
  { code: BPF.LOAD_WORD, dst: R.type, src: R.context, offset: 0 },
  { code: BPF.AND32, dst: R.type, imm: 0xffff },
  { code: BPF.LOAD_WORD, dst: R.access, src: R.context, offset: 0 },
  { code: BPF.RSH32, dst: R.access, imm: 16 },
  { code: BPF.LOAD_WORD, dst: R.major, src: R.context, offset: 4 },
  { code: BPF.LOAD_WORD, dst: R.minor, src: R.context, offset: 8 },
];

const answer = (allow: boolean): Instruction[] => [
  { code: BPF.MOV32, dst: R.answer, imm: allow ? 1 : 0 },
  { code: BPF.EXIT },
];

interface Rule {
  allow: boolean;
  /** 0 = any. */
  type: number;
  access: number;
  /** -1 = any. */
  major: number;
  minor: number;
}

function parseRule({ allow, type = 'a', major = -1, minor = -1, access = 'rwm' }: LinuxDeviceCgroup): Rule {
  const bits = [...access].reduce((sum, letter) => sum | (ACCESS[letter] ?? 0), 0);
  const all = type === 'a';
  return {
    allow,
    type: TYPE[type] ?? 0,
    access: bits,
    major: all ? -1 : major,
    minor: all ? -1 : minor,
  };
}

/** Two rules that allow reading and writing the same device separately allow doing both at once. */
function merge(rules: readonly Rule[]): Rule[] {
  const merged: Rule[] = [];
  for (const rule of rules) {
    const since = merged.findLastIndex(({ allow }) => !allow);
    const same = merged.findIndex(
      (other, index) =>
        index > since && other.type === rule.type && other.major === rule.major && other.minor === rule.minor,
    );
    const other = merged[same];
    if (rule.allow && other) merged[same] = { ...other, access: other.access | rule.access };
    else merged.push(rule);
  }
  return merged;
}

/** Jumps (with offset 0 for now) that leave the rule when it does not apply. */
function conditions(rule: Rule): Instruction[] {
  const list: Instruction[] = [];
  if (rule.type !== 0) list.push({ code: BPF.JNE, dst: R.type, imm: rule.type });
  if (rule.access !== ALL_ACCESS) {
    list.push(
      { code: BPF.MOV32_REG, dst: R.context, src: R.access },
      { code: BPF.AND32, dst: R.context, imm: rule.access },
      // Allowed is only what is allowed entirely; forbidden is what is forbidden in part.
      rule.allow
        ? { code: BPF.JNE_REG, dst: R.context, src: R.access }
        : { code: BPF.JEQ, dst: R.context, imm: 0 },
    );
  }
  if (rule.major >= 0) list.push({ code: BPF.JNE, dst: R.major, imm: rule.major });
  if (rule.minor >= 0) list.push({ code: BPF.JNE, dst: R.minor, imm: rule.minor });
  return list;
}

const jumps: ReadonlySet<number> = new Set([BPF.JNE, BPF.JNE_REG, BPF.JEQ]);

function compileRule(rule: Rule): Instruction[] {
  const block = [...conditions(rule), ...answer(rule.allow)];
  return block.map((instruction, index) =>
    jumps.has(instruction.code) ? { ...instruction, offset: block.length - index - 1 } : instruction,
  );
}

const isFinal = (rule: Rule) => rule.type === 0 && rule.access === ALL_ACCESS && rule.major < 0;

/**
 * Later rules win, so they are asked first; without a match nothing is allowed. null: everything is allowed, no program
 * is needed.
 */
export function deviceProgram(rules: readonly LinuxDeviceCgroup[]): Uint8Array | null {
  const newestFirst = merge(rules.map(parseRule)).reverse();
  const last = newestFirst.findIndex(isFinal);
  const final = newestFirst[last];
  if (final?.allow && last === 0) return null;
  const asked = last < 0 ? newestFirst : newestFirst.slice(0, last);
  return assemble([...prologue, ...asked.flatMap(compileRule), ...answer(final?.allow ?? false)]);
}
