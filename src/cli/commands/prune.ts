/** What the prune commands share: the question before, the report after. */
import { filterQuery } from '../flags/filters.ts';
import type { Flag } from '../flags/flag.ts';
import type { FlagValues } from '../flags/parse.ts';
import { humanSize } from '../format/units.ts';
import { writeOut } from '../terminal/output.ts';

export const forceFlag: Flag = {
  name: 'force',
  short: 'f',
  type: 'bool',
  usage: 'Do not prompt for confirmation',
};

/** Asks unless `--force`; true means go on. */
export async function confirmed(flags: FlagValues, warning: string, separator = '\n'): Promise<boolean> {
  return flags.bool('force') || confirm(`${warning}${separator}Are you sure you want to continue?`);
}

async function confirm(question: string): Promise<boolean> {
  writeOut(`${question} [y/N] `);
  let answer = '';
  for await (const chunk of Bun.stdin.stream()) {
    answer += new TextDecoder().decode(chunk);
    if (answer.includes('\n')) break;
  }
  return /^y(es)?$/i.test((answer.split('\n')[0] ?? '').trim());
}

export function pruneQuery(flags: FlagValues, extra: readonly string[] = []): { filters: string } {
  return { filters: filterQuery([...flags.list('filter'), ...extra]) };
}

export function report(title: string, names: readonly string[] | null | undefined, space?: number): void {
  if (names && names.length > 0) writeOut(`${title}\n${names.map((name) => `${name}\n`).join('')}\n`);
  if (space !== undefined) writeOut(`Total reclaimed space: ${humanSize(space)}\n`);
}
