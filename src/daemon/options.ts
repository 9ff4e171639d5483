/** The daemon's flags and configuration file. Flags win; lists given in both are an error, as Docker has it. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { parseGcPolicy, parsePolicyFlag, parsePolicyObject } from '../engine/gc/policy.ts';
import type { EngineOptions, GcPolicy } from '../engine/model.ts';
import { invalid, messageOf } from '../lib/errors.ts';

export interface TlsFiles {
  ca: string;
  cert: string;
  key: string;
  verify: boolean;
}

export interface DaemonOptions {
  engine: EngineOptions;
  /** unix:// and tcp:// addresses; empty = the defaults. */
  hosts: string[];
  pidfile: string;
  /** Group that may use the unix socket. */
  group: string;
  tls: TlsFiles | null;
}

export const defaults = {
  dataRoot: '/var/lib/gantry',
  execRoot: '/run/gantry',
  socket: '/run/gantry/gantry.sock',
  dockerSocket: '/var/run/docker.sock',
  configFile: '/etc/gantry/daemon.json',
  bridge: 'gantry0',
} as const;

const flags = {
  'data-root': { type: 'string' },
  'exec-root': { type: 'string' },
  host: { type: 'string', short: 'H', multiple: true },
  pidfile: { type: 'string', short: 'p' },
  bridge: { type: 'string', short: 'b' },
  bip: { type: 'string' },
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

function parseFlags(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

/** daemon.json: the flags' names as keys, with Docker's plural forms for lists. */
type ConfigFile = Record<string, unknown>;

function readConfig(path: string | undefined): ConfigFile {
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
class Settings {
  constructor(
    readonly values: Values,
    readonly file: ConfigFile,
  ) {}

  #conflict(name: string): never {
    throw invalid(
      `the following directives are specified both as a flag and in the configuration file: ${name}`,
    );
  }
  text(name: keyof Values & string, fallback: string): string {
    const flag = this.values[name];
    const file = this.file[name];
    if (flag !== undefined && file !== undefined) this.#conflict(name);
    if (file !== undefined && typeof file !== 'string')
      throw invalid(`${name} in the configuration file is not a string`);
    return String(flag ?? file ?? fallback);
  }
  /** A whole number of at least 1; in the file a number, as Docker has it. */
  count(name: keyof Values & string, fallback: number): number {
    const flag = this.values[name];
    const file = this.file[name];
    if (flag !== undefined && file !== undefined) this.#conflict(name);
    const value =
      flag === undefined ? (file ?? fallback) : /^\d+$/.test(String(flag)) ? Number(flag) : Number.NaN;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
      throw invalid(`invalid ${name}: ${String(flag ?? file)}`);
    return value;
  }
  /** As it was given, in one of the two places. */
  either(name: keyof Values & string): { flag: unknown; file: unknown } {
    const flag = this.values[name];
    const file = this.file[name];
    if (flag !== undefined && file !== undefined) this.#conflict(name);
    return { flag, file };
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
    const flag = this.values[name];
    const file = this.file[key];
    if (flag !== undefined && file !== undefined) this.#conflict(key);
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

function tlsFiles(settings: Settings): TlsFiles | null {
  const verify = settings.flag('tlsverify');
  if (!verify && !settings.flag('tls')) return null;
  return {
    verify,
    ca: settings.text('tlscacert', '/etc/gantry/ca.pem'),
    cert: settings.text('tlscert', '/etc/gantry/cert.pem'),
    key: settings.text('tlskey', '/etc/gantry/key.pem'),
  };
}

/** In the file an object of strings: {"high": "85%", "low": "70%", "min-age": "24h", "keep": ["label=x"]}. */
function gcPolicy(settings: Settings): GcPolicy | null {
  const { flag, file } = settings.either('image-gc');
  if (flag === undefined && file === undefined) return null;
  return parseGcPolicy(flag === undefined ? parsePolicyObject(file) : parsePolicyFlag(String(flag)));
}

const levels = ['debug', 'info', 'warn', 'error'] as const;

function logLevel(settings: Settings): EngineOptions['logLevel'] {
  if (settings.flag('debug')) return 'debug';
  const level = settings.text('log-level', 'info');
  const known = levels.find((candidate) => candidate === level);
  if (!known) throw invalid(`invalid logging level: ${level}`);
  return known;
}

/** Docker's --bridge none turns the default bridge off. */
function bridgeName(settings: Settings): string | null {
  const name = settings.text('bridge', defaults.bridge);
  if (name === 'none') return null;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(name)) throw invalid(`invalid bridge name: ${name}`);
  return name;
}

const listKeys = {
  host: 'hosts',
  label: 'labels',
  'log-opt': 'log-opts',
  'insecure-registry': 'insecure-registries',
  'registry-mirror': 'registry-mirrors',
} as const;

function dnsServers(settings: Settings): string[] {
  const servers = settings.list('dns', 'dns');
  for (const server of servers) if (isIP(server) === 0) throw invalid(`${server} is not an ip address`);
  return servers;
}

/** Docker's own directory is looked at too: certificates that are there for it serve us as well. */
const certificateDirectories = ['/etc/gantry/certs.d', '/etc/docker/certs.d'];

function registryOptions(settings: Settings): EngineOptions['registries'] {
  const directories = settings.list('registry-certs', 'registry-certs');
  return {
    insecure: settings.list('insecure-registry', 'insecure-registries'),
    mirrors: settings.list('registry-mirror', 'registry-mirrors'),
    certificates: directories.length > 0 ? directories : certificateDirectories,
    attempts: settings.count('max-download-attempts', 5),
  };
}

/** null: --help was asked for. */
export function parseDaemonOptions(argv: string[]): DaemonOptions | null {
  const values = parseFlags(argv);
  if (values.help) return null;
  const settings = new Settings(values, readConfig(values['config-file']));
  settings.checkNames(listKeys);
  const execRoot = settings.text('exec-root', defaults.execRoot);
  return {
    engine: {
      dataRoot: settings.text('data-root', defaults.dataRoot),
      execRoot,
      bridge: bridgeName(settings),
      bip: settings.text('bip', ''),
      storageDriver: settings.text('storage-driver', ''),
      logLevel: logLevel(settings),
      labels: settings.list('label', 'labels'),
      dns: dnsServers(settings),
      logOptions: settings.logOptions(),
      registries: registryOptions(settings),
      maxDownloads: settings.count('max-concurrent-downloads', 3),
      maxUploads: settings.count('max-concurrent-uploads', 5),
      thinLayers: settings.toggle('thin-layers', true),
      imageGc: gcPolicy(settings),
    },
    hosts: settings.list('host', 'hosts'),
    pidfile: settings.text('pidfile', `${execRoot}/gantry.pid`),
    group: settings.text('group', ''),
    tls: tlsFiles(settings),
  };
}

export const daemonHelp = `
Usage:  gantry daemon [OPTIONS]

The engine: serves the Docker API until it is told to stop. Containers go on without it.

Options:
  -b, --bridge string              Bridge of the default network, or "none" (default "${defaults.bridge}")
      --bip string                 Address of the bridge, such as 172.30.0.1/16 (default: a range no route uses)
      --config-file string         Configuration file (default "${defaults.configFile}")
      --data-root string           Images, containers, volumes (default "${defaults.dataRoot}")
  -D, --debug                      Same as --log-level debug
      --dns list                   DNS servers for containers
      --exec-root string           Sockets and run-time state (default "${defaults.execRoot}")
  -G, --group string               Group that may use the unix socket
  -H, --host list                  unix:// or tcp:// to listen on (default unix://${defaults.socket},
                                   and ${defaults.dockerSocket} when nothing owns it)
      --image-gc policy            Remove unused images: high=85%,low=70%,min-age=24h,keep=label=x,keep=reference=y
      --insecure-registry list     Registries without TLS
      --label list                 Labels shown by gantry info
  -l, --log-level string           debug, info, warn or error (default "info")
      --log-opt list               Default log options (max-size=10m, max-file=3)
      --max-concurrent-downloads int   Layers of one pull at the same time (default 3)
      --max-concurrent-uploads int     Layers of one push at the same time (default 5)
      --max-download-attempts int      Tries of each download (default 5)
  -p, --pidfile string             Where the daemon's pid is written
      --registry-certs list        Directories of <host>/hosts.toml and <host>/ca.crt (default /etc/gantry/certs.d
                                   and /etc/docker/certs.d)
      --registry-mirror list       Mirrors of docker.io, asked before it
  -s, --storage-driver string      overlay2, fuse-overlayfs, btrfs or vfs (default: the first that
                                   works on the data root)
      --thin-layers bool           Keep plain layers once, as the unpacked layer (default true)
      --tls                        Serve TLS on tcp:// hosts
      --tlsverify                  The same, and demand a client certificate
      --tlscacert, --tlscert, --tlskey string   Their files
`;
