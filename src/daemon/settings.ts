/** Reads the daemon's flags and configuration file. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { invalid, messageOf } from '../lib/errors.ts';
import { defaults } from './defaults.ts';

const flags = {
  'data-root': { type: 'string' },
  'exec-root': { type: 'string' },
  host: { type: 'string', short: 'H', multiple: true },
  pidfile: { type: 'string', short: 'p' },
  bridge: { type: 'string', short: 'b' },
  bip: { type: 'string' },
  icc: { type: 'string' },
  'default-address-pool': { type: 'string', multiple: true },
  'storage-driver': { type: 'string', short: 's' },
  'config-file': { type: 'string' },
  'log-level': { type: 'string', short: 'l' },
  debug: { type: 'boolean', short: 'D' },
  group: { type: 'string', short: 'G' },
  label: { type: 'string', multiple: true },
  dns: { type: 'string', multiple: true },
  'log-opt': { type: 'string', multiple: true },
  'insecure-registry': { type: 'string', multiple: true },
  'registry-mirror': { type: 'string', multiple: true },
  'registry-certs': { type: 'string', multiple: true },
  'plugin-directory': { type: 'string', multiple: true },
  'max-concurrent-downloads': { type: 'string' },
  'max-concurrent-uploads': { type: 'string' },
  'max-download-attempts': { type: 'string' },
  'thin-layers': { type: 'string' },
  'image-gc': { type: 'string' },
  tls: { type: 'boolean' },
  tlsverify: { type: 'boolean' },
  tlscacert: { type: 'string' },
  tlscert: { type: 'string' },
  tlskey: { type: 'string' },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseFlags>;

export function parseFlags(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

/** daemon.json: the flags' names as keys, with Docker's plural forms for lists. */
type ConfigFile = Record<string, unknown>;

export function readConfig(path: string | undefined): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path ?? defaults.configFile, 'utf8');
  } catch (error) {
    if (path === undefined) return {};
    throw invalid(`unable to configure the daemon with file ${path}: ${messageOf(error)}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('not a JSON object');
    return value as ConfigFile;
  } catch (error) {
    throw invalid(
      `unable to configure the daemon with file ${path ?? defaults.configFile}: ${messageOf(error)}`,
    );
  }
}

/** Reads one setting from wherever it was given. */
export class Settings {
  constructor(
    readonly values: Values,
    readonly file: ConfigFile,
  ) {}

  #conflict(name: string): never {
    throw invalid(
      `the following directives are specified both as a flag and in the configuration file: ${name}`,
    );
  }
  /** As it was given, in one of the two places. */
  either(name: keyof Values & string, key: string = name): { flag: unknown; file: unknown } {
    const flag = this.values[name];
    const file = this.file[key];
    if (flag !== undefined && file !== undefined) this.#conflict(key);
    return { flag, file };
  }
  text(name: keyof Values & string, fallback: string): string {
    const { flag, file } = this.either(name);
    if (file !== undefined && typeof file !== 'string')
      throw invalid(`${name} in the configuration file is not a string`);
    return String(flag ?? file ?? fallback);
  }
  /** A whole number of at least 1; in the file a number, as Docker has it. */
  count(name: keyof Values & string, fallback: number): number {
    const { flag, file } = this.either(name);
    const value =
      flag === undefined ? (file ?? fallback) : /^\d+$/.test(String(flag)) ? Number(flag) : Number.NaN;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
      throw invalid(`invalid ${name}: ${String(flag ?? file)}`);
    return value;
  }
  /** What is on unless it is turned off: `--name=false`; in the file a boolean. */
  toggle(name: keyof Values & string, fallback: boolean): boolean {
    const { flag, file } = this.either(name);
    const value = flag ?? file ?? fallback;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw invalid(`invalid ${name}: ${String(value)} is neither true nor false`);
  }
  flag(name: keyof Values & string): boolean {
    return this.values[name] === true || this.file[name] === true;
  }
  /** Docker refuses what it does not know: a misspelt key would be a setting that silently is not there. */
  checkNames(lists: Readonly<Record<string, string>>): void {
    const known = new Set(Object.keys(flags).map((name) => lists[name] ?? name));
    const unknown = Object.keys(this.file).filter((key) => !known.has(key) || key === 'config-file');
    if (unknown.length > 0)
      throw invalid(
        `the following directives don't match any configuration option: ${unknown.sort().join(', ')}`,
      );
  }
  list(name: keyof Values & string, key: string): string[] {
    const { flag, file } = this.either(name, key);
    const value = flag ?? file ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
      throw invalid(`${key} in the configuration file is not a list of strings`);
    return value as string[];
  }
  logOptions(): Record<string, string> {
    const file = this.file['log-opts'] ?? {};
    const isText = (value: unknown) => typeof value === 'string';
    if (typeof file !== 'object' || !Object.values(file).every(isText))
      throw invalid('log-opts in the configuration file are not strings by name');
    const fromFlags = (this.values['log-opt'] ?? []).map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw invalid(`invalid logging option: ${pair}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
    return { ...(file as Record<string, string>), ...Object.fromEntries(fromFlags) };
  }
}
