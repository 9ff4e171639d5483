/** Real registries for tests: Debian's docker-registry on a loopback port of its own, with what it stores in a directory of its own. */
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../rig/command.ts';
import { Authority } from './authority.ts';
import type { TokenServer } from './token-server.ts';

export interface RegistrySetup {
  /** Runs it in another network, where it is on loopback as well. */
  prefix?: readonly string[];
  /** Default: one of its own choice. */
  port?: number;
  /** Where it stores; several may read the same. Default: a directory that goes with it. */
  storage?: string;
  /** HTTPS with a certificate of an authority of its own; `clients`: and only for those who show one of the same authority. */
  tls?: { clients: boolean };
  auth?: { kind: 'basic'; username: string; password: string } | { kind: 'token'; server: TokenServer };
  /** URL of a registry of which this is a pull-through mirror. */
  mirrorOf?: string;
  /** A certs.d: gets `<host>/ca.crt`, and `client.cert` with `client.key` where the registry wants to see one. */
  certsDir?: string;
}

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  host: string;
  url: string;
  /** null without TLS. */
  authority: Authority | null;
  /** Where it stores: for looking at what is left of an upload. */
  storage: string;
  pid: number;
}

export async function startRegistry(setup: RegistrySetup = {}): Promise<TestRegistry> {
  const directory = mkdtempSync('/var/tmp/gantry-registry-');
  try {
    const authority = setup.tls ? await Authority.create(join(directory, 'tls')) : null;
    const config = join(directory, 'config.json');
    writeFileSync(config, JSON.stringify(await configuration(setup, directory, authority)));
    const log = join(directory, 'log');
    const child = Bun.spawn([...(setup.prefix ?? []), 'docker-registry', 'serve', config], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: openSync(log, 'w'),
      env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
    });
    const dispose = async () => {
      child.kill();
      await child.exited;
      rmSync(directory, { recursive: true, force: true });
    };
    try {
      const host = await eventually(() => address(log, child.exitCode), 'docker-registry listens');
      if (setup.certsDir !== undefined && authority !== null) trust(setup.certsDir, host, authority, setup);
      return {
        host,
        url: `${setup.tls ? 'https' : 'http'}://${host}`,
        authority,
        storage: storageOf(setup, directory),
        pid: child.pid,
        [Symbol.asyncDispose]: dispose,
      };
    } catch (error) {
      await dispose();
      throw error;
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** It chooses its port itself: no two rigs can want the same. */
function address(log: string, exitCode: number | null): string | undefined {
  const text = readFileSync(log, 'utf8');
  if (exitCode !== null) throw new Error(`docker-registry exited with ${exitCode}: ${text}`);
  return /listening on (127\.0\.0\.1:\d+)/.exec(text)?.[1];
}

const storageOf = ({ storage }: RegistrySetup, directory: string) => storage ?? join(directory, 'storage');

/** YAML is a superset of JSON. */
async function configuration(setup: RegistrySetup, directory: string, authority: Authority | null) {
  const storage = storageOf(setup, directory);
  mkdirSync(storage, { recursive: true });
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${setup.port ?? 0}`,
      secret: 'of this test only',
      ...(authority && { tls: await tls(authority, setup) }),
    },
    ...(setup.auth && { auth: await authentication(setup.auth, directory) }),
    ...(setup.mirrorOf !== undefined && { proxy: { remoteurl: setup.mirrorOf } }),
  };
}

async function tls(authority: Authority, { tls: wanted }: RegistrySetup) {
  const server = await authority.issue('server', 'IP:127.0.0.1,DNS:localhost,DNS:registry.example');
  return {
    certificate: server.cert,
    key: server.key,
    ...(wanted?.clients && { clientcas: [authority.certificate] }),
  };
}

async function authentication(auth: NonNullable<RegistrySetup['auth']>, directory: string) {
  if (auth.kind === 'token') return { token: auth.server.registrySettings };
  const path = join(directory, 'htpasswd');
  const hash = await Bun.password.hash(auth.password, { algorithm: 'bcrypt', cost: 4 });
  writeFileSync(path, `${auth.username}:${hash}\n`);
  return { htpasswd: { realm: 'test', path } };
}

function trust(certsDir: string, host: string, authority: Authority, { tls: wanted }: RegistrySetup): void {
  const directory = join(certsDir, host);
  mkdirSync(directory, { recursive: true });
  cpSync(authority.certificate, join(directory, 'ca.crt'));
  if (!wanted?.clients) return;
  const client = authority.issued.get('client');
  if (client === undefined) return;
  cpSync(client.cert, join(directory, 'client.cert'));
  cpSync(client.key, join(directory, 'client.key'));
}
