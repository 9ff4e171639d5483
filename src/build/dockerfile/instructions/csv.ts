import { problem } from '../error.ts';

const refused = (why: string) => problem(`failed to parse csv mounts: ${why}`, '--mount');

/** One record of RFC 4180. Throws for a quote inside an unquoted field, and for a quoted field that does not end. */
export function parseCsvRecord(text: string): string[] {
  if (text === '') throw refused('EOF');
  const fields: string[] = [];
  for (let start = 0; start <= text.length; ) {
    const { field, end } = text.charAt(start) === '"' ? quotedField(text, start) : plainField(text, start);
    fields.push(field);
    start = end + 1;
  }
  return fields;
}

function plainField(text: string, start: number): { field: string; end: number } {
  const comma = text.indexOf(',', start);
  const end = comma < 0 ? text.length : comma;
  const field = text.slice(start, end);
  const bare = field.indexOf('"');
  if (bare >= 0)
    throw refused(`parse error on line 1, column ${start + bare + 1}: bare " in non-quoted field`);
  return { field, end };
}

function quotedField(text: string, start: number): { field: string; end: number } {
  let field = '';
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character !== '"') field += character;
    else if (text.charAt(index + 1) === '"') field += text.charAt(++index);
    else if (index + 1 === text.length || text.charAt(index + 1) === ',') return { field, end: index + 1 };
    else break;
  }
  throw refused(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`);
}
