/** Rows of `ps` for given processes, from the host's /proc alone: nothing of a container is run or read (CVE-2022-1227). */
import { readFileSync } from 'node:fs';
import { invalid } from '../lib/errors.ts';
import { bootTime } from './host.ts';
import { commandLine, stat, userOf } from './procfs.ts';

export interface ProcessTable {
  titles: string[];
  processes: string[][];
}

const TICKS_PER_SECOND = 100;
const MAX_OUTPUT = 8 << 20;

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** TIME: [dd-]hh:mm:ss of processor time. */
export function formatCpuTime(ticks: number): string {
  const seconds = Math.floor(ticks / TICKS_PER_SECOND);
  const days = Math.floor(seconds / 86400);
  const hms = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return (days > 0 ? `${twoDigits(days)}-` : '') + hms.map(twoDigits).join(':');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** STIME: hh:mm within a day, "Nov23" before that, the year when it was another one. */
export function formatStart(started: Date, now: Date): string {
  if (now.getTime() - started.getTime() < 86_400_000)
    return `${twoDigits(started.getHours())}:${twoDigits(started.getMinutes())}`;
  if (started.getFullYear() !== now.getFullYear()) return String(started.getFullYear());
  return `${months[started.getMonth()]}${twoDigits(started.getDate())}`;
}

/** TTY of a dev_t: pts/N for unix98 ptys (majors 136 to 143), tty<N> for consoles, "?" for none. */
export function formatTty(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  if (major === 4) return `tty${minor}`;
  return '?';
}

function userNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid] = line.split(':');
    if (name !== undefined && uid !== undefined && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

/** `ps -ef` for `pids`: UID PID PPID C STIME TTY TIME CMD. Processes that end meanwhile are left out. */
export function processTable(pids: readonly number[]): ProcessTable {
  const users = userNames();
  const now = new Date();
  const boot = bootTime();
  const rows: string[][] = [];
  for (const pid of pids) {
    const found = stat(pid);
    if (!found) continue;
    const started = new Date(boot + (Number(found.startTime) * 1000) / TICKS_PER_SECOND);
    const ticks = found.userTicks + found.systemTicks;
    const elapsed = Math.max(1, (now.getTime() - started.getTime()) / 1000);
    const uid = userOf(pid) ?? 0;
    rows.push([
      users.get(uid) ?? String(uid),
      String(pid),
      String(found.parent),
      String(Math.min(99, Math.floor(ticks / elapsed))),
      formatStart(started, now),
      formatTty(found.tty),
      formatCpuTime(ticks),
      commandLine(pid, found.command),
    ]);
  }
  return { titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'], processes: rows };
}

/**
 * Splits the output of ps into rows of `pids`. The PID column is found by its title; the last column keeps its blanks.
 * Docker's texts for output without PID.
 */
export function parsePs(output: string, pids: ReadonlySet<number>): ProcessTable {
  const [header = '', ...lines] = output.split('\n');
  const titles = header.trim().split(/\s+/);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw invalid("Couldn't find PID field in ps output");
  const processes: string[][] = [];
  for (const line of lines) {
    const fields = line.trim().split(/\s+/);
    if (!pids.has(Number(fields[pidColumn]))) continue;
    processes.push([...fields.slice(0, titles.length - 1), fields.slice(titles.length - 1).join(' ')]);
  }
  return { titles, processes };
}

/** `-o user=PID` would give another column the title by which rows are chosen (moby daemon/top_unix.go). */
function refuseForgedTitles(args: string): void {
  for (const [, column, title] of args.matchAll(/(?:\s|,|^)([^\s,]*)=\s*(PID\S*)/g))
    if (column !== 'pid') throw invalid(`specifying "${column}=${title}" is not allowed`);
}

/** The host's own ps with the user's arguments; only rows of `pids` come back. */
export async function ps(pids: readonly number[], args: string): Promise<ProcessTable> {
  const words = args
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0 || (words.length === 1 && words[0] === '-ef')) return processTable(pids);
  refuseForgedTitles(args);
  const child = Bun.spawn(['ps', ...words, '-q', pids.join(',')], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env.PATH ?? '', COLUMNS: '32767' },
    maxBuffer: MAX_OUTPUT,
  });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) === 0) return parsePs(output, new Set(pids));
  return psOfAll(words, pids, errors);
}

/** Some selections (`aux`, `-e`) refuse to be combined with -q: list everything and keep the rows of `pids`. */
async function psOfAll(words: string[], pids: readonly number[], errors: string): Promise<ProcessTable> {
  const child = Bun.spawn(['ps', ...words], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env.PATH ?? '', COLUMNS: '32767' },
    maxBuffer: MAX_OUTPUT,
  });
  const [output, ownErrors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw invalid(`ps: ${(ownErrors || errors).trim().split('\n', 1)[0]}`);
  return parsePs(output, new Set(pids));
}
