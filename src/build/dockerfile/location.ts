/** Lines of a Dockerfile, from 1, both ends included. */
export interface Location {
  start: number;
  end: number;
}

export interface Caret {
  line: number;
  /** From 1, in UTF-16 units of the line. */
  column: number;
}

/** Where `needle` first stands in these lines, or null. */
export function findCaret(text: string, { start, end }: Location, needle: string): Caret | null {
  const lines = text.split('\n');
  for (let line = start; line <= end; line++) {
    const column = (lines[line - 1] ?? '').indexOf(needle);
    if (column >= 0) return { line, column: column + 1 };
  }
  return null;
}

/** Lines shown around the marked ones, together: more of them when there is only one. */
const contextOfOne = 4;
const contextOfMany = 2;

/** Widens evenly, as BuildKit does (solver/errdefs/source.go): a file's edge gives its share away only in part. */
function widen({ start, end }: Location, count: number): Location {
  const wanted = start === end ? contextOfOne : contextOfMany;
  let first = start;
  let last = end;
  for (let shown = 0; shown < wanted; shown++) {
    if (first > 1) {
      first--;
      shown++;
    }
    if (last < count) {
      last++;
      shown++;
    }
  }
  return { start: first, end: last };
}

/**
 * The lines with their neighbours as BuildKit prints them below an error, and a caret where the column is known:
 *
 *     Dockerfile:2
 *     --------------------
 *        1 |     FROM alpine
 *        2 | >>> COPY --form=a b c
 *          |          ^
 *     --------------------
 *
 * "" when the location is outside the text.
 */
export function excerpt(text: string, filename: string, location: Location, caret: Caret | null): string {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const marked = { start: location.start, end: Math.min(location.end, lines.length) };
  if (marked.start < 1 || marked.start > lines.length) return '';
  const shown = widen(marked, lines.length);
  const out = [`${filename}:${location.start}`, '--------------------'];
  for (let number = shown.start; number <= shown.end; number++) {
    const mark = number >= marked.start && number <= marked.end ? '>>>' : '   ';
    out.push(` ${String(number).padStart(3)} | ${mark} ${lines[number - 1] ?? ''}`);
    if (caret?.line === number) out.push(`     | ${' '.repeat(3 + caret.column)}^`);
  }
  return [...out, '--------------------', ''].join('\n');
}
