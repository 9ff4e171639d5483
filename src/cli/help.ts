/** Help and usage texts, laid out as cobra and pflag do it. */
import type { Command } from './command.ts';
import { type Entry, entries, findCommand, groups } from './commands.ts';
import { ExitError, exitCode } from './exit.ts';
import type { Flag } from './flags/flag.ts';
import { globalFlags } from './globals.ts';
import { programName } from './program.ts';
import { writeOut } from './terminal/output.ts';
import { terminalSize } from './terminal/tty.ts';

/** `help` and `--help` for the program, a group or a command. */
export async function showHelp(words: readonly string[]): Promise<number> {
  const [first, second] = words;
  if (first === undefined) writeOut(programHelp());
  else if (first in groups && second === undefined) writeOut(groupHelp(first));
  else {
    const path = first in groups ? `${first} ${second}` : first;
    const found = findCommand(path);
    if (!found) throw new ExitError(`unknown help topic: ${words.join(' ')}`);
    const { command } = await found.entry.load();
    return showCommandHelp(found.entry, found.path, command);
  }
  return exitCode.success;
}

export function showCommandHelp(entry: Entry, path: string, command: Command): number {
  const usage = command.usage === '' ? '' : ` ${command.usage}`;
  const names = [entry.grouped, ...(entry.also ?? []), entry.name].filter((name) => name !== null);
  const aliases = names.map((name) => `${programName} ${name}`).join(', ');
  const options = flagUsages(command.flags);
  writeOut(
    `Usage:  ${programName} ${path}${usage}\n\n${command.description ?? entry.short}\n` +
      (names.length > 1 ? `\nAliases:\n  ${aliases}\n` : '') +
      (options === '' ? '' : `\nOptions:\n${options}`),
  );
  return exitCode.success;
}

function programHelp(): string {
  const top = entries.filter((entry) => entry.name !== null && !entry.hidden);
  const common = top.filter((entry) => entry.common).map((entry) => row(entry.name ?? '', entry.short));
  const others = top.filter((entry) => !entry.common).map((entry) => row(entry.name ?? '', entry.short));
  const managing = Object.entries(groups).map(([name, short]) => row(name, short));
  return (
    `Usage:  ${programName} [OPTIONS] COMMAND\n\nA self-sufficient runtime for containers\n` +
    `\nCommon Commands:\n${common.join('')}` +
    `\nManagement Commands:\n${managing.join('')}` +
    `\nCommands:\n${others.join('')}` +
    `\nGlobal Options:\n${flagUsages(globalFlags)}` +
    `\nRun '${programName} COMMAND --help' for more information on a command.\n`
  );
}

function groupHelp(group: string): string {
  const rows = entries
    .filter((entry) => !entry.hidden)
    .flatMap((entry) => {
      const name = [entry.grouped, ...(entry.also ?? [])].find((one) => one?.startsWith(`${group} `));
      return name ? [row(name.slice(group.length + 1), entry.short)] : [];
    })
    .sort();
  return (
    `Usage:  ${programName} ${group} COMMAND\n\n${groups[group]}\n\nCommands:\n${rows.join('')}` +
    `\nRun '${programName} ${group} COMMAND --help' for more information on a command.\n`
  );
}

function row(name: string, short: string): string {
  return `  ${name.padEnd(11)} ${short}\n`;
}

/** pflag's FlagUsagesWrapped. */
export function flagUsages(flags: readonly Flag[], columns = width()): string {
  const shown = flags.filter((flag) => !flag.hidden).sort((a, b) => (a.name < b.name ? -1 : 1));
  const heads = shown.map(head);
  const widest = Math.max(0, ...heads.map((text) => text.length + 3));
  return shown
    .map((flag, index) => {
      const start = (heads[index] ?? '').padEnd(widest);
      return `${start}${wrap(widest, columns, flag.usage + defaultText(flag))}\n`;
    })
    .join('');
}

function head(flag: Flag): string {
  const short = flag.short ? `  -${flag.short}, ` : '      ';
  return `${short}--${flag.name}${flag.type === 'bool' ? '' : ` ${flag.type}`}`;
}

function defaultText(flag: Flag): string {
  const zero = flag.default === undefined || flag.default === 'false';
  if (zero) return '';
  return flag.type === 'string' ? ` (default ${JSON.stringify(flag.default)})` : ` (default ${flag.default})`;
}

function width(): number {
  return (terminalSize(0)?.columns || 80) - 1;
}

/** Wraps at `columns`, later lines indented by `indent`; short last lines are tolerated up to 5 beyond. */
function wrap(indent: number, columns: number, text: string): string {
  const room = columns - indent;
  const break_ = `\n${' '.repeat(indent)}`;
  if (room < 24) return text.replaceAll('\n', break_);
  const slop = 5;
  let [line, rest] = cut(room - slop, slop, text);
  let out = line.replaceAll('\n', break_);
  while (rest !== '') {
    [line, rest] = cut(room - slop, slop, rest);
    out += break_ + line.replaceAll('\n', break_);
  }
  return out;
}

function cut(limit: number, slop: number, text: string): [line: string, rest: string] {
  if (limit + slop > text.length) return [text, ''];
  const space = lastOf(text.slice(0, limit), ' \t\n');
  if (space <= 0) return [text, ''];
  const newline = text.slice(0, limit).lastIndexOf('\n');
  const at = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, at), text.slice(at + 1)];
}

function lastOf(text: string, characters: string): number {
  return Math.max(...[...characters].map((character) => text.lastIndexOf(character)));
}

/** Commands whose name is close to a mistyped one. */
export function nearest(word: string): string[] {
  const names = [...entries.flatMap((entry) => (entry.name ? [entry.name] : [])), ...Object.keys(groups)];
  return names
    .filter((name) => distance(word, name) <= 2 || (word.length > 1 && name.startsWith(word)))
    .sort();
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
