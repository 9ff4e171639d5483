const magic = 0xfd2fb528;
const skippable = 0x184d2a50;
const checksumSize = 4;

type Part = 'magic' | 'skippable size' | 'descriptor' | 'block' | 'unknown';
const sizes: Record<Part, number> = { magic: 4, 'skippable size': 4, descriptor: 1, block: 3, unknown: 0 };

/**
 * Follows compressed bytes from frame to frame (RFC 8878, section 3.1), only to tell whether the last one is whole: Bun's
 * decoder takes the end of its input for the end of the data, wherever that is.
 */
export class ZstdFrames {
  #part: Part = 'magic';
  /** Bytes of `#part` so far. */
  #head: number[] = [];
  /** Bytes to pass over before `#part`. */
  #skip = 0;
  #checksum = false;

  /** Nothing is missing. What is no Zstandard at all is left to the decoder. */
  get complete(): boolean {
    return (
      this.#part === 'unknown' || (this.#part === 'magic' && this.#head.length === 0 && this.#skip === 0)
    );
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength && this.#part !== 'unknown') {
      const passed = Math.min(this.#skip, chunk.byteLength - at);
      this.#skip -= passed;
      at += passed;
      for (; this.#skip === 0 && at < chunk.byteLength && this.#head.length < sizes[this.#part]; at++)
        this.#head.push(chunk[at] ?? 0);
      if (this.#head.length === sizes[this.#part]) this.#next();
    }
  }

  #next(): void {
    const value = this.#head.reduceRight((total, byte) => total * 256 + byte, 0);
    this.#head = [];
    switch (this.#part) {
      case 'magic':
        this.#part = value === magic ? 'descriptor' : isSkippable(value) ? 'skippable size' : 'unknown';
        break;
      case 'skippable size':
        this.#expect('magic', value);
        break;
      case 'descriptor':
        this.#checksum = (value & 4) !== 0;
        this.#expect('block', headerSize(value));
        break;
      case 'block':
        this.#block(value);
    }
  }

  /** Bit 0: the last one; bits 1 and 2: the type; then the size. A run (type 1) is one byte. */
  #block(value: number): void {
    const size = (value & 6) === 2 ? 1 : value >> 3;
    if ((value & 1) === 0) this.#expect('block', size);
    else this.#expect('magic', size + (this.#checksum ? checksumSize : 0));
  }

  #expect(part: Part, after: number): void {
    this.#part = part;
    this.#skip = after;
  }
}

function isSkippable(value: number): boolean {
  return value - (value % 16) === skippable;
}

/** Bytes of the frame header behind its descriptor: window, dictionary id, content size. */
function headerSize(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (single ? 0 : 1) + dictionary + content;
}
