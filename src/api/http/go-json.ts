/** Go's error texts for text that is not JSON, which is what Docker's users see. */

/** Describes what is wrong with `text`, or says that something follows a whole value. */
export function describeInvalidJson(text: string): string {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    scanner.space();
    return scanner.done ? 'unexpected EOF' : 'unexpected content after JSON';
  } catch (error) {
    if (error instanceof Wrong) return `invalid JSON: ${error.message}`;
    throw error;
  }
}

class Wrong extends Error {}

const maxDepth = 10_000;

class Scanner {
  #at = 0;
  #depth = 0;
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  space(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  value(): void {
    this.space();
    const first = this.#peek();
    if (first === '{') this.#nested(() => this.#members('}', 'object key:value pair', () => this.#member()));
    else if (first === '[') this.#nested(() => this.#members(']', 'array element', () => this.value()));
    else if (first === '"') this.#string();
    else if (/[-0-9]/.test(first)) this.#number();
    else if (first === 't') this.#literal('true');
    else if (first === 'f') this.#literal('false');
    else if (first === 'n') this.#literal('null');
    else this.#wrong('looking for beginning of value');
  }

  #nested(scan: () => void): void {
    if (++this.#depth > maxDepth) throw new Wrong('exceeded max depth');
    this.#at++;
    scan();
    this.#depth--;
  }

  #members(close: string, what: string, member: () => void): void {
    this.space();
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      member();
      this.space();
      const next = this.#peek();
      if (next !== ',' && next !== close) this.#wrong(`after ${what}`);
      this.#at++;
      if (next === close) return;
    }
  }

  #member(): void {
    this.space();
    if (this.#peek() !== '"') this.#wrong('looking for beginning of object key string');
    this.#string();
    this.space();
    if (this.#peek() !== ':') this.#wrong('after object key');
    this.#at++;
    this.value();
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const character = this.#peek();
      if (character < ' ') this.#wrong('in string literal');
      this.#at++;
      if (character === '"') return;
      if (character !== '\\') continue;
      const escaped = this.#peek();
      if (!'"\\/bfnrtu'.includes(escaped)) this.#wrong('in string escape code');
      this.#at++;
      for (let left = escaped === 'u' ? 4 : 0; left > 0; left--) {
        if (!/[0-9a-fA-F]/.test(this.#peek())) this.#wrong('in \\u hexadecimal character escape');
        this.#at++;
      }
    }
  }

  #number(): void {
    if (this.#peek() === '-') this.#at++;
    if (this.#peek() === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text.charAt(this.#at) === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text.charAt(this.#at))) {
      this.#at++;
      if (/[+-]/.test(this.#peek())) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(where: string): void {
    if (!/[0-9]/.test(this.#peek())) this.#wrong(where);
    while (/[0-9]/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#peek() !== letter) this.#wrong(`in literal ${word} (expecting ${quote(letter)})`);
      this.#at++;
    }
  }

  #peek(): string {
    if (this.done) throw new Wrong('unexpected EOF');
    return this.#text.charAt(this.#at);
  }

  #wrong(where: string): never {
    throw new Wrong(`invalid character ${quote(this.#peek())} ${where}`);
  }
}

/** Go's quoteChar. */
function quote(character: string): string {
  if (character === "'") return `'\\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}
