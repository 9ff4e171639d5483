/** The options of one --mount, whatever its type. */
import { plainProblem } from '../error.ts';
import { didYouMean } from '../suggest.ts';
import { quote } from '../text.ts';
import { parseGoBoolean, parseSize, parseUnsigned } from './numbers.ts';

const types = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const sharings = ['shared', 'private', 'locked'] as const;

/** What has been given so far; an option takes effect in the order of writing, so `required` must stand behind `type`. */
export interface MountOptions {
  type: (typeof types)[number];
  from?: string;
  source?: string;
  target?: string;
  readOnly?: boolean;
  required?: boolean;
  id?: string;
  env?: string;
  sharing?: (typeof sharings)[number];
  size?: number;
  mode?: number;
  uid?: number;
  gid?: number;
}

/** `field` is the option as written, for messages. */
interface Given {
  options: MountOptions;
  key: string;
  value: string;
  field: string;
}

const onlyFor = ({ options, key, field }: Given, ...allowed: MountOptions['type'][]): void => {
  if (allowed.includes(options.type)) return;
  throw plainProblem(`unexpected key '${key}' for mount type '${options.type}'`, field);
};

const boolean = ({ key, value, field }: Given): boolean => {
  const parsed = parseGoBoolean(value);
  if (parsed === null) throw plainProblem(`invalid value for ${key}: ${value}`, field);
  return parsed;
};

const unsigned = ({ key, value, field }: Given, radix: 8 | 10): number => {
  const parsed = parseUnsigned(value, radix);
  if (parsed === null) throw plainProblem(`invalid value ${value} for ${key}`, field);
  return parsed;
};

function oneOf<T extends string>(known: readonly T[], what: string, { value, field }: Given): T {
  const found = known.find((name) => name === value.toLowerCase());
  if (found !== undefined) return found;
  throw plainProblem(`unsupported ${what} ${quote(value)}${didYouMean(value, known)}`, field);
}

const setters: Record<string, (given: Given) => void> = {
  type: (given) => {
    given.options.type = oneOf(types, 'mount type', given);
  },
  from: ({ options, value }) => {
    options.from = value;
  },
  source: ({ options, value }) => {
    options.source = value;
  },
  target: ({ options, value }) => {
    options.target = value;
  },
  readonly: (given) => {
    given.options.readOnly = boolean(given);
  },
  readwrite: (given) => {
    given.options.readOnly = !boolean(given);
  },
  required: (given) => {
    onlyFor(given, 'secret', 'ssh');
    given.options.required = boolean(given);
  },
  id: ({ options, value }) => {
    options.id = value;
  },
  env: (given) => {
    onlyFor(given, 'secret');
    given.options.env = given.value;
  },
  sharing: (given) => {
    given.options.sharing = oneOf(sharings, 'sharing value', given);
  },
  size: (given) => {
    onlyFor(given, 'tmpfs');
    const size = parseSize(given.value);
    if (size === null) throw plainProblem(`invalid value for size: ${given.value}`, given.field);
    given.options.size = size;
  },
  mode: (given) => {
    given.options.mode = unsigned(given, 8);
  },
  uid: (given) => {
    given.options.uid = unsigned(given, 10);
  },
  gid: (given) => {
    given.options.gid = unsigned(given, 10);
  },
};

const aliases: Record<string, string> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

const flags = new Set(['readonly', 'readwrite', 'required']);

/** `value` is null for an option without "=", which only the flags among them may lack. */
export function setMountOption(
  options: MountOptions,
  key: string,
  value: string | null,
  field: string,
): void {
  const name = Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key;
  if (value === null && !flags.has(name))
    throw plainProblem(`invalid field '${field}' must be a key=value pair`, field);
  const setter = Object.hasOwn(setters, name) ? setters[name] : undefined;
  if (setter === undefined) {
    const known = [...Object.keys(setters), ...Object.keys(aliases)];
    throw plainProblem(`unexpected key '${key}' in '${field}'${didYouMean(key, known)}`, field);
  }
  setter({ options, key, value: value ?? 'true', field });
}
