/** The key sequence that leaves a terminal without stopping what runs in it. */

const defaultKeys = 'ctrl-p,ctrl-q';

/** `ctrl-p,ctrl-q` or `a,b` as byte values. Throws on unknown names. */
export function parseDetachKeys(text: string): number[] {
  return (text || defaultKeys).split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const match = /^ctrl-([a-z@[\\\]^_])$/.exec(key);
    if (!match?.[1]) throw new Error(`Unknown character: '${key}'`);
    return match[1].toUpperCase().charCodeAt(0) & 0x1f;
  });
}

/** Watches typed bytes for the sequence; a partial match is held back until it is decided. */
export class DetachFilter {
  #matched = 0;

  constructor(private readonly keys: readonly number[]) {}

  /** The bytes to pass on; `detached` once the whole sequence was typed. */
  push(chunk: Uint8Array): { data: Uint8Array; detached: boolean } {
    const out: number[] = [];
    for (const byte of chunk) {
      if (byte !== this.keys[this.#matched]) {
        out.push(...this.keys.slice(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.keys[this.#matched]) {
        out.push(byte);
        continue;
      }
      this.#matched += 1;
      if (this.#matched === this.keys.length) return { data: Uint8Array.from(out), detached: true };
    }
    return { data: Uint8Array.from(out), detached: false };
  }
}
