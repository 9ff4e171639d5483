import { goDurationOrNull } from '../../../lib/go-duration.ts';
import { problem } from '../error.ts';
import { parseJsonForm } from '../lines/json-form.ts';
import { quote, splitFirst } from '../text.ts';
import { parseFlags } from './flags.ts';
import type { Healthcheck } from './model.ts';
import { common, needsSome, type Request } from './request.ts';

const millisecond = 1e6;

const flagTable = {
  interval: 'string',
  timeout: 'string',
  'start-period': 'string',
  'start-interval': 'string',
  retries: 'string',
} as const;

export function parseHealthcheck({ node }: Request): Healthcheck {
  if (node.args === '') throw needsSome('HEALTHCHECK');
  const [word, rest] = splitFirst(node.args);
  const type = word.toUpperCase();
  if (type === 'NONE') {
    if (rest !== null) throw problem('HEALTHCHECK NONE takes no arguments');
    return { ...common(node), kind: 'healthcheck', config: { Test: ['NONE'] } };
  }
  const flags = parseFlags(node.flags, flagTable);
  if (type !== 'CMD') throw problem(`Unknown type ${quote(type)} in HEALTHCHECK (try CMD)`, word);
  return {
    ...common(node),
    kind: 'healthcheck',
    config: {
      Test: testOf(rest ?? ''),
      ...given('Interval', interval('interval', flags.interval)),
      ...given('Timeout', interval('timeout', flags.timeout)),
      ...given('StartPeriod', interval('start-period', flags['start-period'])),
      ...given('StartInterval', interval('start-interval', flags['start-interval'])),
      ...given('Retries', retries(flags.retries)),
    },
  };
}

function testOf(command: string): string[] {
  const argv = parseJsonForm(command);
  if (command === '' || argv?.length === 0) throw problem('Missing command after HEALTHCHECK CMD');
  return argv === null ? ['CMD-SHELL', command] : ['CMD', ...argv];
}

function given(key: string, value: number | null): Record<string, number> {
  return value === null ? {} : { [key]: value };
}

/** Nanoseconds. */
function interval(name: string, text: string | null): number | null {
  if (text === null || text === '') return null;
  const value = goDurationOrNull(text);
  if (value === null) throw problem(`time: invalid duration ${quote(text)}`, `--${name}`);
  if (value !== 0 && value < millisecond)
    throw problem(`Interval ${quote(name)} cannot be less than 1ms`, `--${name}`);
  return value;
}

function retries(text: string | null): number | null {
  if (text === null || text === '') return null;
  if (!/^[-+]?\d+$/.test(text))
    throw problem(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`, '--retries');
  const value = Number(text);
  if (Math.abs(value) > 0x7fffffff)
    throw problem(`strconv.ParseInt: parsing ${quote(text)}: value out of range`, '--retries');
  if (value < 0) throw problem(`--retries cannot be negative (${value})`, '--retries');
  return value;
}
