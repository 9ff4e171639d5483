/** Progress as lines of a terminal, none longer or more than it can show. */
import { shortSize } from '../format/units.ts';
import type { Size } from '../terminal/tty.ts';
import type { Row, Totals } from './transfers.ts';

const widestBar = 50;
const narrowestBar = 10;
/** Of "1.23MB/1.23MB", and of " 1.23MB/s" after it. */
const amountWidth = 13;
const speedWidth = 9;

/** The lines to show while it goes on: rows, as many as fit, and what they come to. */
export function liveLines(rows: readonly Row[], totals: Totals, { columns, rows: height }: Size): string[] {
  // The cursor stands on a line of its own, and a full last column would wrap.
  const width = columns - 1;
  const summary = rows.length > 1 ? [cut(totalLine(totals), width)] : [];
  const room = Math.max(0, height - 1 - summary.length);
  if (rows.length <= room) return [...rows.map((row) => rowLine(row, width)), ...summary];
  const shown = mostTelling(rows, room - 1);
  const hidden = rows.length - shown.length;
  const more = room > 0 ? [cut(`… and ${hidden} more`, width)] : [];
  return [...shown.map((row) => rowLine(row, width)), ...more, ...summary];
}

/** What moves, then what waits, then what is done; each in its place. */
function mostTelling(rows: readonly Row[], count: number): Row[] {
  const rank = (row: Row) => (row.done ? 2 : row.step ? 0 : 1);
  const ranked = rows.toSorted((a, b) => rank(a) - rank(b));
  const chosen = new Set(ranked.slice(0, Math.max(0, count)));
  return rows.filter((row) => chosen.has(row));
}

export function rowLine({ id, status, step, rate }: Row, width: number): string {
  const start = id === '' ? status : `${id}: ${status}`;
  if (step === null) return cut(start, width);
  const amount =
    step.total > 0 ? `${shortSize(step.current)}/${shortSize(step.total)}` : shortSize(step.current);
  const speed = rate === null ? '' : `${shortSize(rate)}/s`;
  const end = `${amount.padEnd(amountWidth)} ${speed}`.trimEnd();
  // From the widest that the figures become, so that the bar keeps its length while they change.
  const room = Math.min(widestBar, width - start.length - amountWidth - speedWidth - ' [] '.length);
  if (step.total <= 0 || room < narrowestBar) return cut(`${start} ${end}`, width);
  return `${start} [${bar(step.current / step.total, room)}] ${end}`;
}

function bar(fraction: number, width: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * width);
  return `${'='.repeat(filled)}${filled < width ? '>' : ''}`.padEnd(width);
}

/** "3/7 layers, 120MB/310MB, 45MB/s, 4s left". */
export function totalLine({ done, count, moved, size, rate }: Totals): string {
  const parts = [`${done}/${count} layers`];
  if (moved > 0) parts.push(size === null ? shortSize(moved) : `${shortSize(moved)}/${shortSize(size)}`);
  const moving = rate !== null && rate >= 1 && (size === null || moved < size);
  if (moving) parts.push(`${shortSize(rate)}/s`);
  if (moving && size !== null) parts.push(`${duration((size - moved) / rate)} left`);
  return parts.join(', ');
}

/** "4s", "2m05s", "1h03m". */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (number: number) => String(number).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, Math.max(0, width));
}
