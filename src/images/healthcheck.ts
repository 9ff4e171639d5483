import { invalid } from '../lib/errors.ts';
import { goDurationOrNull } from '../lib/go-duration.ts';
import type { ImageRunConfig } from '../oci/image.ts';

type Healthcheck = NonNullable<ImageRunConfig['Healthcheck']>;

const durations: Record<string, keyof Omit<Healthcheck, 'Test' | 'Retries'>> = {
  '--interval': 'Interval',
  '--timeout': 'Timeout',
  '--start-period': 'StartPeriod',
  '--start-interval': 'StartInterval',
};

/** `NONE`, or `[--interval=30s …] CMD command`. `exec` reads the JSON form. */
export function parseHealthcheck(args: string, exec: (text: string) => string[] | null): Healthcheck {
  const result: Healthcheck = {};
  let rest = args;
  for (
    let flag = /^(--[a-z-]+)=(\S*)\s+/.exec(rest);
    flag !== null;
    flag = /^(--[a-z-]+)=(\S*)\s+/.exec(rest)
  ) {
    setFlag(result, flag[1] ?? '', flag[2] ?? '');
    rest = rest.slice(flag[0].length);
  }
  const [word = ''] = rest.split(/\s/, 1);
  const command = rest.slice(word.length).trim();
  switch (word.toUpperCase()) {
    case '':
      throw invalid('HEALTHCHECK requires at least one argument');
    case 'NONE':
      if (command !== '') throw invalid('HEALTHCHECK NONE takes no arguments');
      return { ...result, Test: ['NONE'] };
    case 'CMD': {
      if (command === '') throw invalid('Missing command after HEALTHCHECK CMD');
      const argv = exec(command);
      return { ...result, Test: argv === null ? ['CMD-SHELL', command] : ['CMD', ...argv] };
    }
    default:
      throw invalid(`Unknown type ${JSON.stringify(word.toUpperCase())} in HEALTHCHECK (try CMD)`);
  }
}

function setFlag(result: Healthcheck, flag: string, value: string): void {
  const field = durations[flag];
  if (field !== undefined) {
    const duration = goDurationOrNull(value);
    if (duration === null || duration < 0)
      throw invalid(`invalid duration ${JSON.stringify(value)} for ${flag}`);
    if (duration > 0 && duration < 1e6)
      throw invalid(`Interval ${JSON.stringify(flag.slice(2))} cannot be less than 1ms`);
    result[field] = duration;
  } else if (flag === '--retries') {
    if (!/^\d{1,9}$/.test(value)) throw invalid(`--retries cannot be negative (${value})`);
    result.Retries = Number(value);
  } else throw invalid(`unknown flag: ${flag}`);
}
