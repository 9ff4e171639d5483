/** Markdown. */
export const row = (cells: string[]) => console.log(`| ${cells.join(' | ')} |`);

export function header(cells: string[]): void {
  row(cells);
  row(cells.map(() => '---'));
}

/** "1/8.0": ours is an eighth of theirs. */
export function ratio(ours: number | undefined, theirs: number | undefined): string {
  return ours && theirs ? `1/${(theirs / ours).toFixed(1)}` : '-';
}
