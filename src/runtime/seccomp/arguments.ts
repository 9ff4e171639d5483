/** Comparisons of 64-bit arguments by a machine of 32 bits: the upper halves first, the lower ones when those are equal. */
import type { LinuxSeccompArg } from '../../oci/runtime.ts';
import { type Assembler, JUMP, type Label } from './assembler.ts';

/** struct seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }, little endian. */
const ARGS = 16;
const lowWord = (index: number) => ARGS + index * 8;
const highWord = (index: number) => lowWord(index) + 4;

const halves = (value: number) => {
  const bits = BigInt.asUintN(64, BigInt(value));
  return { high: Number(bits >> 32n), low: Number(bits & 0xffffffffn) };
};

function equal(program: Assembler, { index, value }: LinuxSeccompArg, yes: Label, no: Label): Label {
  const { high, low } = halves(value);
  program.jump(JUMP.eq, low, yes, no);
  const lower = program.load(lowWord(index));
  program.jump(JUMP.eq, high, lower, no);
  return program.load(highWord(index));
}

function maskedEqual(program: Assembler, arg: LinuxSeccompArg, yes: Label, no: Label): Label {
  const mask = halves(arg.value);
  const wanted = halves(arg.valueTwo ?? 0);
  program.jump(JUMP.eq, wanted.low, yes, no);
  program.and(mask.low);
  const lower = program.load(lowWord(arg.index));
  program.jump(JUMP.eq, wanted.high, lower, no);
  program.and(mask.high);
  return program.load(highWord(arg.index));
}

/** `code` compares the lower halves: gt or ge. */
function greater(program: Assembler, code: number, arg: LinuxSeccompArg, yes: Label, no: Label): Label {
  const { high, low } = halves(arg.value);
  program.jump(code, low, yes, no);
  const lower = program.load(lowWord(arg.index));
  const same = program.jump(JUMP.eq, high, lower, no);
  program.jump(JUMP.gt, high, yes, same);
  return program.load(highWord(arg.index));
}

/** Adds the comparison; returns where it begins. */
export function compare(program: Assembler, arg: LinuxSeccompArg, yes: Label, no: Label): Label {
  switch (arg.op) {
    case 'SCMP_CMP_EQ':
      return equal(program, arg, yes, no);
    case 'SCMP_CMP_NE':
      return equal(program, arg, no, yes);
    case 'SCMP_CMP_GT':
      return greater(program, JUMP.gt, arg, yes, no);
    case 'SCMP_CMP_LE':
      return greater(program, JUMP.gt, arg, no, yes);
    case 'SCMP_CMP_GE':
      return greater(program, JUMP.ge, arg, yes, no);
    case 'SCMP_CMP_LT':
      return greater(program, JUMP.ge, arg, no, yes);
    case 'SCMP_CMP_MASKED_EQ':
      return maskedEqual(program, arg, yes, no);
  }
}
