/** A machine for classic BPF as seccomp(2) has it: what the tests ask a compiled filter with. */
export interface Call {
  arch: number;
  nr: number;
  args?: readonly (number | bigint)[];
}

function seccompData({ arch, nr, args = [] }: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, nr, true);
  data.setUint32(4, arch, true);
  args.forEach((value, index) => {
    data.setBigUint64(16 + index * 8, BigInt.asUintN(64, BigInt(value)), true);
  });
  return data;
}

/** The filter's answer (SECCOMP_RET_*), and how many instructions it took. Throws on what the kernel would refuse. */
export function interpret(filter: Uint8Array, call: Call): { value: number; steps: number } {
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const data = seccompData(call);
  let accumulator = 0;
  let steps = 0;
  for (let pc = 0; pc < filter.length / 8; pc++) {
    steps++;
    const k = program.getUint32(pc * 8 + 4, true);
    const jump = (taken: boolean) => program.getUint8(pc * 8 + (taken ? 2 : 3));
    switch (program.getUint16(pc * 8, true)) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05:
        pc += k;
        break;
      case 0x15:
        pc += jump(accumulator === k);
        break;
      case 0x25:
        pc += jump(accumulator > k);
        break;
      case 0x35:
        pc += jump(accumulator >= k);
        break;
      case 0x06:
        return { value: k, steps };
      default:
        throw new Error(`instruction ${pc} is none`);
    }
  }
  throw new Error('fell off the end');
}
