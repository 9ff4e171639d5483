/** `# check=skip=A,B;experimental=all;error=true`, also the value of the build argument BUILDKIT_DOCKERFILE_CHECK. */
import { plainProblem } from '../error.ts';
import { parseGoBoolean } from '../instructions/numbers.ts';
import { quote, trim } from '../text.ts';

/** The word "all", or names of rules; names that no rule has do nothing. */
export type Selection = 'all' | ReadonlySet<string>;

export interface CheckOptions {
  skip: Selection;
  /** The experimental rules that run; `skip` does not concern them. */
  experimental: Selection;
  /** Warnings fail the build. */
  error: boolean;
}

function parseSelection(text: string): Selection {
  return text === 'all' ? 'all' : new Set(text.split(',').map(trim));
}

/** Throws a kind `invalid` without a place in a file. */
export function parseCheckOptions(text: string): CheckOptions {
  const options: CheckOptions = { skip: new Set(), experimental: new Set(), error: false };
  const value = trim(text);
  if (value === '') return options;
  for (const part of value.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0) throw refused(`invalid check option ${quote(part)}`, part);
    setOption(options, trim(part.slice(0, equals)), trim(part.slice(equals + 1)), part);
  }
  return options;
}

function setOption(options: CheckOptions, key: string, value: string, part: string): void {
  if (key === 'skip') options.skip = parseSelection(value);
  else if (key === 'experimental') options.experimental = parseSelection(value);
  else if (key === 'error') {
    const error = parseGoBoolean(value);
    if (error === null) throw refused(`failed to parse check option ${quote(part)}`, part);
    options.error = error;
  } else throw refused(`invalid check option ${quote(key)}`, part);
}

const refused = (text: string, part: string) =>
  plainProblem(`failed to parse check options: ${text}`, part === '' ? null : part);

export const selects = (selection: Selection, name: string): boolean =>
  selection === 'all' || selection.has(name);
