/** WWW-Authenticate (RFC 9110, section 11.6.1): what a registry wants to see before it answers. */

export interface Challenge {
  /** Lower case: basic, bearer. */
  scheme: string;
  /** Names in lower case. */
  parameters: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const equals = /[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;
/** More than a token: realms are URLs, and not every registry quotes them. */
const bare = /[^\s,"]*/y;
/** The one value of schemes such as Negotiate. */
const token68 = /[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;
const separator = /[\s,]*/y;

/** Every challenge of a header, in its order; several headers may be joined by commas. Never throws: it stops at what it cannot read. */
export function parseChallenges(header: string): Challenge[] {
  const scanner = new Scanner(header);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (;;) {
    scanner.take(separator);
    const name = scanner.take(token);
    if (name === null) return challenges;
    const current = challenges.at(-1);
    if (current !== undefined && scanner.take(equals) !== null) {
      const value = scanner.value();
      if (value === null) return challenges;
      current.parameters.set(name.toLowerCase(), value);
    } else {
      challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
      scanner.take(token68);
    }
  }
}

class Scanner {
  #position = 0;

  constructor(private readonly text: string) {}

  /** What `pattern` (sticky) matches here, or null. */
  take(pattern: RegExp): string | null {
    return this.#match(pattern)?.[0] ?? null;
  }

  value(): string | null {
    if (this.text[this.#position] !== '"') return this.take(bare);
    return this.#match(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? null;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.text);
    if (match !== null) this.#position = pattern.lastIndex;
    return match;
  }
}
