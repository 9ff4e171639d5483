/** signal(7): names and numbers (x86 and ARM), real-time ones as glibc counts them. */
import { invalid } from '../lib/errors.ts';

const numbers: Readonly<Record<string, number>> = {
  ABRT: 6,
  ALRM: 14,
  BUS: 7,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  FPE: 8,
  HUP: 1,
  ILL: 4,
  INT: 2,
  IO: 29,
  IOT: 6,
  KILL: 9,
  PIPE: 13,
  POLL: 29,
  PROF: 27,
  PWR: 30,
  QUIT: 3,
  SEGV: 11,
  STKFLT: 16,
  STOP: 19,
  SYS: 31,
  TERM: 15,
  TRAP: 5,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  USR1: 10,
  USR2: 12,
  VTALRM: 26,
  WINCH: 28,
  XCPU: 24,
  XFSZ: 25,
};

const RTMIN = 34;
const RTMAX = 64;

function realTime(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (!match) return undefined;
  const offset = Number(match[3] ?? 0) * (match[2] === '-' ? -1 : 1);
  const number = (match[1] === 'MIN' ? RTMIN : RTMAX) + offset;
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** Number of `SIGTERM`, `term`, `15`, `SIGRTMIN+3`; throws Docker's "invalid signal: x". */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number === 0 || number > RTMAX) throw invalid(`invalid signal: ${text}`);
    return number;
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const number = numbers[name] ?? realTime(name);
  if (number === undefined) throw invalid(`invalid signal: ${text}`);
  return number;
}

const aliases = new Set(['CLD', 'IOT', 'POLL']);
const names = new Map<number, string>(
  Object.entries(numbers)
    .filter(([name]) => !aliases.has(name))
    .map(([name, number]) => [number, `SIG${name}`]),
);

/** `SIGTERM`; `SIGRTMIN+3`; the number itself where there is no name. */
export function signalName(number: number): string {
  const name = names.get(number);
  if (name) return name;
  if (number === RTMIN) return 'SIGRTMIN';
  return number > RTMIN && number <= RTMAX ? `SIGRTMIN+${number - RTMIN}` : String(number);
}
