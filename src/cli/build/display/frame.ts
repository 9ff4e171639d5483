/** The lines that a terminal shows of a build, none longer or more than it has room for. */
import type { Size } from '../../terminal/tty.ts';
import type { BuildState, ShownStep } from './state.ts';
import { seconds, transferText } from './text.ts';

export type Style = 'plain' | 'done' | 'failed' | 'faint';

export interface FrameLine {
  text: string;
  style: Style;
}

/** Lines of output below a step that runs. */
const logLines = 6;
/** Transfers below it. */
const transferLines = 6;

/** While the build goes on: what runs is shown in full, then as many of the others as there is room for, latest last. */
export function liveFrame(state: BuildState, { rows, columns }: Size, now: number): FrameLine[] {
  // The cursor stands on a line of its own, and a full last column would wrap.
  const width = Math.max(1, columns - 1);
  const room = Math.max(0, rows - 2);
  const shown = chosen(state.steps, room, now, width);
  return [heading(state, now, width, ''), ...shown];
}

/** At the end: every step, one line each. */
export function finalFrame(state: BuildState, columns: number, now: number): FrameLine[] {
  const width = Math.max(1, columns - 1);
  const end = state.failed === null ? ' FINISHED' : '';
  return [heading(state, now, width, end), ...state.steps.map((step) => stepLine(step, now, width))];
}

function heading({ steps, began }: BuildState, now: number, width: number, end: string): FrameLine {
  const done = steps.filter(({ status }) => status.kind !== 'running').length;
  const text = `[+] Building ${seconds(now - began)} (${done}/${steps.length})${end}`;
  return { text: cut(text, width), style: 'plain' };
}

/** What runs goes before what has ended, and its details before what ended longer ago. */
function chosen(steps: readonly ShownStep[], room: number, now: number, width: number): FrameLine[] {
  const isRunning = ({ status }: ShownStep) => status.kind === 'running';
  const running = last(steps.filter(isRunning), room);
  const share = running.length === 0 ? 0 : Math.floor((room - running.length) / running.length);
  const details = new Map(running.map((step) => [step, last(detailsOf(step, now, width), share)]));
  const used = running.length + [...details.values()].reduce((sum, lines) => sum + lines.length, 0);
  const ended = last(
    steps.filter((step) => !isRunning(step)),
    room - used,
  );
  const kept = new Set([...running, ...ended]);
  return steps
    .filter((step) => kept.has(step))
    .flatMap((step) => [stepLine(step, now, width), ...(details.get(step) ?? [])]);
}

const last = <T>(items: readonly T[], count: number): T[] =>
  items.slice(items.length - Math.min(count, items.length));

function stepLine({ title, status, began }: ShownStep, now: number, width: number): FrameLine {
  const mark = status.kind === 'cached' ? 'CACHED ' : status.kind === 'failed' ? 'ERROR ' : '';
  const time = seconds((status.kind === 'running' ? now : status.ended) - began);
  const style = status.kind === 'running' ? 'plain' : status.kind === 'failed' ? 'failed' : 'done';
  return { text: timed(` => ${mark}${title}`, time, width), style };
}

function detailsOf({ transfers, log }: ShownStep, now: number, width: number): FrameLine[] {
  const moving = [...transfers].slice(-transferLines).map(([subject, transfer]): FrameLine => {
    const over = transfer.total !== null && transfer.current === transfer.total;
    const time = seconds((over ? transfer.changed : now) - transfer.began);
    return {
      text: timed(` => => ${transferText(subject, transfer)}`, time, width),
      style: over ? 'done' : 'plain',
    };
  });
  const printed = log
    .tail(logLines)
    .map((text): FrameLine => ({ text: cut(` => => # ${plainText(text)}`, width), style: 'faint' }));
  return [...moving, ...printed];
}

/** The text on the left, cut if need be, and the time at the right edge. */
function timed(text: string, time: string, width: number): string {
  const room = width - time.length - 1;
  if (room < 8) return cut(text, width);
  const left = cut(plainText(text), room);
  return `${left}${' '.repeat(room - Bun.stringWidth(left) + 1)}${time}`;
}

/** By what a terminal shows, not by what a string counts. */
function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += Bun.stringWidth(segment);
    if (used > width) break;
    shown += segment;
  }
  return shown;
}

const graphemes = new Intl.Segmenter();

/** Programs colour what they print, and move the cursor; here that would move ours. */
export function plainText(text: string): string {
  return Bun.stripANSI(text)
    .replaceAll('\t', '    ')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '');
}
