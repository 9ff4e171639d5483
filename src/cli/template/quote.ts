/** Go's quoted strings: reading (strconv.Unquote) and writing (strconv.Quote). */

const simple: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The value of a Go string, raw string or character literal; null when it is malformed. */
export function unquote(text: string): string | null {
  const quote = text[0] ?? '';
  const inner = text.slice(1, -1);
  if (quote === '`') return inner.replaceAll('\r', '');
  let bad = false;
  const value = inner.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])/g,
    (_, sequence: string) => {
      const [kind = ''] = sequence;
      if (sequence.length > 1) {
        const code = /[0-7]/.test(kind)
          ? Number.parseInt(sequence, 8)
          : Number.parseInt(sequence.slice(1), 16);
        if (code <= 0x10ffff) return String.fromCodePoint(code);
        bad = true;
        return '';
      }
      if (kind === '\\' || kind === quote) return kind;
      const known = simple[kind];
      if (known === undefined) bad = true;
      return known ?? '';
    },
  );
  return bad ? null : value;
}

const named: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Go's %q: double quotes, escapes for what does not print. `ascii` escapes everything beyond it (%+q). */
export function goQuote(text: string, quote = '"', ascii = false): string {
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === quote) out += `\\${quote}`;
    else if (named[character] !== undefined) out += named[character];
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code > 0x7e && (ascii || !/[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)))
      out +=
        code > 0xffff
          ? `\\U${code.toString(16).padStart(8, '0')}`
          : `\\u${code.toString(16).padStart(4, '0')}`;
    else out += character;
  }
  return quote + out + quote;
}
