/** Texts that several views have. */
import { shortSize } from '../../format/units.ts';
import type { BuildState, ShownStep, Transfer, Warning } from './state.ts';

export const seconds = (milliseconds: number): string => `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;

/** Five characters, as BuildKit has before each line of output. */
export function lineTime(at: number): string {
  const digits = at < 10 ? 3 : at < 100 ? 2 : at < 1000 ? 1 : 0;
  return at.toFixed(digits);
}

/** "sha256:abc 1.2MB / 3.4MB"; "" when there is nothing to say. */
export function transferText(subject: string, { status, current, total }: Transfer): string {
  const amount =
    current === null ? '' : total ? `${shortSize(current)} / ${shortSize(total)}` : shortSize(current);
  return [subject, status, amount].filter((part) => part !== '').join(' ');
}

/** The log of a step that failed, between lines. */
export function failureText({ title, log }: ShownStep): string {
  const lines = log.lines.map(({ at, text }) => `${lineTime(at)} ${text}\n`);
  return `------\n > ${title}:\n${lines.join('')}------\n`;
}

export function warningsText({ warnings }: BuildState, expanded: boolean): string {
  if (warnings.length === 0) return '';
  const found = warnings.length === 1 ? '1 warning found' : `${warnings.length} warnings found`;
  const hint = expanded ? ':' : ' (use --debug to expand):';
  return `\n ${found}${hint}\n${warnings.map((warning) => warningText(warning, expanded)).join('')}`;
}

function warningText({ rule, message, url, description, location }: Warning, expanded: boolean): string {
  const line = ` - ${rule}: ${message} (line ${location.start})\n`;
  const more = [description, url].filter((text) => text !== '').map((text) => `   ${text}\n`);
  return expanded ? line + more.join('') : line;
}

/** How the image that has been made is called. */
export function resultLines({ image, names }: { image: string; names: readonly string[] }): string[] {
  return [`writing image ${image}`, ...names.map((name) => `naming to ${name}`)];
}
