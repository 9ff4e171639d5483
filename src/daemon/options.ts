/** The daemon's flags and configuration file. Flags win; lists given in both are an error, as Docker has it. */
import { isIP } from 'node:net';
import { parseGcPolicy, parsePolicyFlag, parsePolicyObject } from '../engine/gc/policy.ts';
import type { EngineOptions, GcPolicy } from '../engine/model.ts';
import { invalid } from '../lib/errors.ts';
import { addressPools } from './address-pools.ts';
import { defaults } from './defaults.ts';
import { parseFlags, readConfig, Settings } from './settings.ts';

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
  'default-address-pool': 'default-address-pools',
  'log-opt': 'log-opts',
  'insecure-registry': 'insecure-registries',
  'registry-mirror': 'registry-mirrors',
  'plugin-directory': 'plugin-directories',
} as const;

function dnsServers(settings: Settings): string[] {
  const servers = settings.list('dns', 'dns');
  for (const server of servers) if (isIP(server) === 0) throw invalid(`${server} is not an ip address`);
  return servers;
}

/** Docker's own directory is looked at too: certificates that are there for it serve us as well. */
const certificateDirectories = ['/etc/gantry/certs.d', '/etc/docker/certs.d'];

/** gantry's own, and Docker's: plugins that were made for it serve us as well. */
const defaultPluginDirectories = [
  '/run/gantry/plugins',
  '/etc/gantry/plugins',
  '/run/docker/plugins',
  '/etc/docker/plugins',
  '/usr/lib/docker/plugins',
];

function pluginDirectories(settings: Settings): string[] {
  const directories = settings.list('plugin-directory', 'plugin-directories');
  return directories.length > 0 ? directories : defaultPluginDirectories;
}

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
      icc: settings.toggle('icc', true),
      addressPools: addressPools(settings),
      storageDriver: settings.text('storage-driver', ''),
      logLevel: logLevel(settings),
      labels: settings.list('label', 'labels'),
      dns: dnsServers(settings),
      logOptions: settings.logOptions(),
      registries: registryOptions(settings),
      pluginDirectories: pluginDirectories(settings),
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
