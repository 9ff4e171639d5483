/** Processes as /proc shows them; see proc(5). Every reader returns null (or []) for a process that is gone. */
import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from './errno.ts';

export interface ProcessStat {
  pid: number;
  command: string;
  /** R, S, D, T, Z, … */
  state: string;
  parent: number;
  /** Controlling terminal as dev_t; 0 = none. */
  tty: number;
  /** Clock ticks (1/100 s). */
  userTicks: number;
  systemTicks: number;
  /** Field 22, ticks since boot: with the pid it names a process for ever. */
  startTime: string;
}

/** A file of /proc/<pid>, or null when the process is gone. */
function readProcess(pid: number | string, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

/** Parses /proc/<pid>/stat; the command (field 2) may itself contain blanks and parentheses. */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text
    .slice(close + 2)
    .trimEnd()
    .split(' ');
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    tty: Number(fields[4]),
    userTicks: Number(fields[11]),
    systemTicks: Number(fields[12]),
    startTime: fields[19] ?? '',
  };
}

export function stat(pid: number): ProcessStat | null {
  const text = readProcess(pid, 'stat');
  return text === null ? null : parseStat(text);
}

/** True while exactly that process (not a successor with the same pid) exists and is no zombie. */
export function isAlive(pid: number, startTime: string): boolean {
  const found = stat(pid);
  return found !== null && found.startTime === startTime && found.state !== 'Z' && found.state !== 'X';
}

/** Direct children of all threads. */
export function children(pid: number): number[] {
  let tasks: string[];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
  return tasks
    .flatMap((task) => (readProcess(pid, `task/${task}/children`) ?? '').split(' '))
    .filter((text) => text.trim() !== '')
    .map(Number);
}

/** Arguments joined by blanks, or the command in brackets (kernel threads, zombies), as ps does. */
export function commandLine(pid: number, command: string): string {
  const text = readProcess(pid, 'cmdline') ?? '';
  const joined = text.replace(/\0+$/, '').replaceAll('\0', ' ');
  return joined === '' ? `[${command}]` : joined;
}

/** Effective user id of a process. */
export function userOf(pid: number): number | null {
  const match = /^Uid:\t\d+\t(\d+)/m.exec(readProcess(pid, 'status') ?? '');
  return match ? Number(match[1]) : null;
}

/** Pid of the process as seen in its own pid namespace, which is the last of NSpid. */
export function innerPid(pid: number): number | null {
  const numbers = /^NSpid:\t(.+)$/m.exec(readProcess(pid, 'status') ?? '')?.[1]?.split('\t');
  return numbers ? Number(numbers[numbers.length - 1]) : null;
}

export interface InterfaceCounters {
  rxBytes: number;
  rxPackets: number;
  rxErrors: number;
  rxDropped: number;
  txBytes: number;
  txPackets: number;
  txErrors: number;
  txDropped: number;
}

/** Parses /proc/<pid>/net/dev (proc_pid_net(5)); the loopback interface is left out. */
export function parseNetDev(text: string): Record<string, InterfaceCounters> {
  const interfaces: Record<string, InterfaceCounters> = {};
  for (const line of text.split('\n').slice(2)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim();
    if (name === '' || name === 'lo') continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const at = (index: number) => fields[index] ?? 0;
    interfaces[name] = {
      rxBytes: at(0),
      rxPackets: at(1),
      rxErrors: at(2),
      rxDropped: at(3),
      txBytes: at(8),
      txPackets: at(9),
      txErrors: at(10),
      txDropped: at(11),
    };
  }
  return interfaces;
}

/** Counters of the network namespace that `pid` is in. */
export function networkCounters(pid: number): Record<string, InterfaceCounters> {
  const text = readProcess(pid, 'net/dev');
  return text === null ? {} : parseNetDev(text);
}
