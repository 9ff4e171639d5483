/** Go's text/tabwriter with the settings of the Docker CLI: cells at least 10 wide, 3 spaces apart, the last one unpadded. */

const minimum = 10;
const padding = 3;

/** `rows` are lines of cells; a column's width holds for the lines that follow each other with a cell in it. */
export function layout(
  rows: readonly (readonly string[])[],
  cellMinimum = minimum,
  cellPadding = padding,
): string {
  const widths: number[][] = rows.map((row) => new Array<number>(Math.max(0, row.length - 1)).fill(0));
  const columns = Math.max(0, ...widths.map((row) => row.length));
  for (let column = 0; column < columns; column++) {
    for (let start = 0; start < rows.length; start++) {
      if ((widths[start]?.length ?? 0) <= column) continue;
      let end = start;
      let width = cellMinimum;
      for (; end < rows.length && (widths[end]?.length ?? 0) > column; end++)
        width = Math.max(width, textWidth(rows[end]?.[column] ?? '') + cellPadding);
      for (let line = start; line < end; line++) {
        const row = widths[line];
        if (row) row[column] = width;
      }
      start = end;
    }
  }
  return rows.map((row, line) => `${padRow(row, widths[line] ?? [])}\n`).join('');
}

function padRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      const width = widths[column];
      return width === undefined ? cell : cell + ' '.repeat(Math.max(0, width - textWidth(cell)));
    })
    .join('');
}

/** Splits text at newlines and tabs, then lays it out. */
export function layoutText(text: string): string {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return layout(lines.map((line) => line.split('\t')));
}

function textWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : Bun.stringWidth(text);
}
