/**
 * Classic BPF (seccomp(2), Kernel: Documentation/networking/filter.rst), written backwards: the last instruction first.
 * All jumps of classic BPF go forward, so that whatever is jumped to exists already and every distance is known.
 */

/** A place to jump to: the number of instructions from there to the end. */
export type Label = number;

const LD_ABS = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JA = 0x05;
const RET = 0x06;
export const JUMP = { eq: 0x15, gt: 0x25, ge: 0x35 } as const;

const FAR = 255;

interface Instruction {
  code: number;
  jt: number;
  jf: number;
  k: number;
}

export class Assembler {
  readonly #reversed: Instruction[] = [];
  readonly #returns = new Map<number, Label>();

  get length(): number {
    return this.#reversed.length;
  }

  #add(code: number, k: number, jt = 0, jf = 0): Label {
    this.#reversed.push({ code, jt, jf, k: k >>> 0 });
    return this.#reversed.length;
  }

  /** Instructions between one that would be added now and `label`. */
  #distance(label: Label): number {
    return this.#reversed.length - label;
  }

  /** `label`, or a jump to it that is near enough for a conditional jump, which has 8 bits for its distance. */
  #near(label: Label, room: number): Label {
    return this.#distance(label) + room <= FAR ? label : this.#add(JA, this.#distance(label));
  }

  return(value: number): Label {
    const known = this.#returns.get(value);
    if (known !== undefined && this.#distance(known) < FAR - 1) return known;
    const label = this.#add(RET, value);
    this.#returns.set(value, label);
    return label;
  }

  /** Loads the 32-bit word at `offset` of struct seccomp_data, then goes on at what was added before. */
  load(offset: number): Label {
    return this.#add(LD_ABS, offset);
  }

  and(mask: number): Label {
    return this.#add(AND, mask);
  }

  /** Goes to `yes` when the accumulator compares so with `k`, else to `no`. */
  jump(code: number, k: number, yes: Label, no: Label): Label {
    // Room for the other one's own jump in between.
    const nearYes = this.#near(yes, 1);
    const nearNo = this.#near(no, 0);
    return this.#add(code, k, this.#distance(nearYes), this.#distance(nearNo));
  }

  /** The instruction added next must be followed by `label`: adds a jump when something else is. */
  follow(label: Label): void {
    if (this.#distance(label) > 0) this.#add(JA, this.#distance(label));
  }

  /** struct sock_filter[]: u16 code, u8 jt, u8 jf, u32 k. */
  finish(): Uint8Array {
    const program = [...this.#reversed].reverse();
    const view = new DataView(new ArrayBuffer(program.length * 8));
    program.forEach(({ code, jt, jf, k }, index) => {
      view.setUint16(index * 8, code, true);
      view.setUint8(index * 8 + 2, jt);
      view.setUint8(index * 8 + 3, jf);
      view.setUint32(index * 8 + 4, k, true);
    });
    return new Uint8Array(view.buffer);
  }
}
