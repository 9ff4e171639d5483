/** Docker's detach keys: `ctrl-p,ctrl-q`, or any comma list of single characters and `ctrl-` with a-z, @, [, \, ], ^, _. */
import { invalid } from '../lib/errors.ts';

const ctrl = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

function keyCode(key: string): number {
  const code = key.charCodeAt(0);
  if (key.length === 1 && code < 128) return code;
  const after = key.startsWith('ctrl-') ? key.slice('ctrl-'.length) : '';
  const index = after.length === 1 ? ctrl.indexOf(after.toLowerCase()) : -1;
  if (key === 'DEL') return 127;
  if (index < 0) throw invalid(`Invalid escape keys (${key}) provided: unknown character: '${key}'`);
  return index;
}

export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from((text === '' ? 'ctrl-p,ctrl-q' : text).split(',').map(keyCode));
}

/** Looks for the keys in what a client types. What might be their beginning is held back until it is known not to be. */
export class DetachScanner {
  #matched = 0;
  constructor(readonly keys: Uint8Array) {}

  push(chunk: Uint8Array): { pass: Uint8Array; detached: boolean } {
    if (this.#matched === 0 && !chunk.includes(this.keys[0] ?? -1)) return { pass: chunk, detached: false };
    const pass: number[] = [];
    for (const byte of chunk) {
      if (byte !== this.keys[this.#matched]) {
        pass.push(...this.keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.keys[this.#matched]) pass.push(byte);
      else if (++this.#matched === this.keys.length) return { pass: Uint8Array.from(pass), detached: true };
    }
    return { pass: Uint8Array.from(pass), detached: false };
  }
}
