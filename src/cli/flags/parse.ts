/** The command line's grammar: spf13/pflag's, with its error texts. */
import { parseGoDuration } from '../../lib/go-duration.ts';
import { parseCsv } from './csv.ts';
import { type Flag, type FlagType, isMany } from './flag.ts';
import { parseBool, parseBytes, parseCpus, parseInteger, parseUnsigned, quote } from './numbers.ts';

/** The user asked for help: not an error. */
export class HelpRequested extends Error {
  constructor(readonly deprecatedShorthand: boolean) {
    super('help requested');
  }
}

/** The options given, by name; everything not given has its declared default. */
export class FlagValues {
  readonly #given = new Map<string, string[]>();
  readonly #flags: ReadonlyMap<string, Flag>;

  constructor(flags: ReadonlyMap<string, Flag>) {
    this.#flags = flags;
  }

  add(flag: Flag, value: string): void {
    const normal = check(flag, value);
    const values = flag.type === 'strings' ? parseValues(normal) : [normal];
    const name = flag.alias ?? flag.name;
    const earlier = this.#given.get(name);
    if (earlier && isMany(flag.type)) earlier.push(...values);
    else this.#given.set(name, values);
  }

  /** True when the option was given, whatever its value. */
  changed(name: string): boolean {
    return this.#given.has(name);
  }

  bool(name: string): boolean {
    return parseBool(this.string(name) || 'false');
  }

  string(name: string): string {
    const given = this.#given.get(name);
    if (given) return given[0] ?? '';
    return this.#declared(name).default ?? '';
  }

  list(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  integer(name: string): number {
    return parseInteger(this.string(name) || '0');
  }

  /** -1 stays -1. */
  bytes(name: string): number {
    const text = this.string(name) || '0';
    return text === '-1' ? -1 : parseBytes(text);
  }

  /** Nanoseconds. */
  duration(name: string): number {
    return parseGoDuration(this.string(name) || '0');
  }

  cpus(name: string): number {
    return parseCpus(this.string(name) || '0');
  }

  #declared(name: string): Flag {
    const flag = this.#flags.get(name);
    if (!flag) throw new Error(`option --${name} is not declared`);
    return flag;
  }
}

const parseValues = (text: string): string[] => (text === '' ? [] : parseCsv(text));

const readers: Partial<Record<FlagType, (text: string) => unknown>> = {
  bool: parseBool,
  int: (text) => parseInteger(text),
  uint: (text) => parseUnsigned(text),
  uint16: (text) => parseUnsigned(text, 16),
  decimal: parseCpus,
  duration: parseGoDuration,
  bytes: parseBytes,
  strings: parseValues,
};

function check(flag: Flag, value: string): string {
  try {
    if (flag.check) return flag.check(value);
    readers[flag.type]?.(value);
    return value;
  } catch (error) {
    const name = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`invalid argument ${quote(value)} for ${quote(name)} flag: ${reason}`);
  }
}

export interface Parsed {
  values: FlagValues;
  args: string[];
  deprecations: string[];
}

/** `interspersed: false` ends the options at the first argument, as `run IMAGE` needs it. */
export function parseFlags(argv: readonly string[], flags: readonly Flag[], interspersed: boolean): Parsed {
  const long = new Map(flags.map((flag) => [flag.name, flag]));
  const short = new Map<string, Flag>();
  for (const flag of flags) if (flag.short) short.set(flag.short, flag);
  const parsed: Parsed = { values: new FlagValues(long), args: [], deprecations: [] };
  const rest = [...argv];
  const set = (flag: Flag, value: string) => {
    parsed.values.add(flag, value);
    if (flag.deprecated)
      parsed.deprecations.push(`Flag --${flag.name} has been deprecated, ${flag.deprecated}`);
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      parsed.args.push(...rest);
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      parsed.args.push(word);
      if (interspersed) continue;
      parsed.args.push(...rest);
      break;
    }
    if (word.startsWith('--')) parseLong(word, rest, long, set);
    else parseShort(word, rest, short, set);
  }
  return parsed;
}

type Setter = (flag: Flag, value: string) => void;

function parseLong(word: string, rest: string[], flags: ReadonlyMap<string, Flag>, set: Setter): void {
  const text = word.slice(2);
  if (text.startsWith('-') || text.startsWith('=')) throw new Error(`bad flag syntax: ${word}`);
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === 'help') throw new HelpRequested(false);
  const flag = flags.get(name);
  if (!flag) throw new Error(`unknown flag: --${name}`);
  const value = equals >= 0 ? text.slice(equals + 1) : flag.type === 'bool' ? 'true' : rest.shift();
  if (value === undefined) throw new Error(`flag needs an argument: --${name}`);
  set(flag, value);
}

function parseShort(word: string, rest: string[], flags: ReadonlyMap<string, Flag>, set: Setter): void {
  for (let letters = word.slice(1); letters !== ''; letters = letters.slice(1)) {
    const letter = letters[0] ?? '';
    const flag = flags.get(letter);
    if (!flag) {
      if (letter === 'h') throw new HelpRequested(true);
      throw new Error(`unknown shorthand flag: '${letter}' in -${letters}`);
    }
    const equals = letters.length > 2 && letters[1] === '=';
    if (flag.type === 'bool' && !equals) {
      set(flag, 'true');
      continue;
    }
    const value = equals ? letters.slice(2) : letters.length > 1 ? letters.slice(1) : rest.shift();
    if (value === undefined) throw new Error(`flag needs an argument: '${letter}' in -${letters}`);
    set(flag, value);
    return;
  }
}
