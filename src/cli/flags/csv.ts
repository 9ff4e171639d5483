/** One record of RFC 4180, as `--mount`, `--network` and options of type `strings` use it: `a=1,"b=2,3"`. */
export function parseCsv(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at));
      if (!quoted)
        throw new Error(
          `parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`,
        );
      field = (quoted[1] ?? '').replaceAll('""', '"');
      at += quoted[0].length;
      if (at < text.length && text[at] !== ',')
        throw new Error(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      field = text.slice(at, end);
      const bare = field.indexOf('"');
      if (bare >= 0)
        throw new Error(`parse error on line 1, column ${at + bare + 1}: bare " in non-quoted-field`);
      at = end;
    }
    fields.push(field);
    if (at >= text.length) return fields;
    at += 1;
  }
}
