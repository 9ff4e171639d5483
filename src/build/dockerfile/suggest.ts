/** "did you mean": the nearest of the known words, after BuildKit's util/suggest. */

const farthest = 2;
/** A longer word is no slip of the finger, and the table is quadratic. */
const longest = 64;

/**
 * Edits between two words; neighbours that changed places are one, so that RNU is nearer to RUN than to ENV (for BuildKit,
 * which counts two, it is as near to both).
 */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] && row > 1 && column > 1;
      const replaced = at(row - 1, column - 1) + (same ? 0 : 1);
      const edits = Math.min(replaced, at(row - 1, column) + 1, at(row, column - 1) + 1);
      current.push(swapped ? Math.min(edits, at(row - 2, column - 2) + 1) : edits);
    }
  }
  return at(a.length, b.length);
}

/** The known word at most two edits away, or null; null as well when the word is itself known. */
export function nearest(word: string, known: Iterable<string>): string | null {
  if (word.length > longest) return null;
  let best: string | null = null;
  let bestDistance = farthest + 1;
  for (const candidate of known) {
    if (candidate === word) return null;
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const edits = distance(word, candidate);
    if (edits >= bestDistance) continue;
    best = candidate;
    bestDistance = edits;
  }
  return best;
}

/** " (did you mean --from?)", or "". */
export function didYouMean(word: string, known: Iterable<string>): string {
  const match = nearest(word, known);
  return match === null ? '' : ` (did you mean ${match}?)`;
}
