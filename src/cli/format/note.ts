/** Notes beside the output, as the Docker CLI sets them apart. */

/** Later lines are indented to where the first begins. */
export function note(text: string): string {
  const start = ' Info -> ';
  return `\n${start}${text.replaceAll('\n', `\n${' '.repeat(start.length)}`)}\n`;
}
