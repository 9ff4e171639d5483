/** The Docker CLI as oracle: the same command line through docker and through gantry, against one canned server. */
import { command, type Result } from '../rig/command.ts';

export interface Seen {
  method: string;
  /** Without the version prefix. */
  path: string;
  body: unknown;
  /** X-Registry-Auth, decoded; null without one. */
  auth: unknown;
}

export interface Answer {
  status?: number;
  type?: string;
  body: unknown;
}

const bun = process.execPath;
const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** Help, texts and columns change between major versions: only the one that gantry follows can be the oracle. */
const followed = 28;

export const noOracle = installedMajor() !== followed;
if (noOracle) console.log(`no comparison with the Docker CLI: version ${followed} is not on the PATH`);

function installedMajor(): number | null {
  const docker = Bun.which('docker');
  if (docker === null) return null;
  const { stdout } = Bun.spawnSync([docker, '--version']);
  return Number(/version (\d+)\./.exec(stdout.toString())?.[1]);
}

/** A server that answers by `METHOD /path` and records what it was asked. Unknown paths are 404 in Docker's words. */
export class CannedServer implements Disposable {
  readonly seen: Seen[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor(private readonly answers: Record<string, Answer>) {
    this.#server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => this.#answer(request) });
  }

  get host(): string {
    return `tcp://127.0.0.1:${this.#server.port}`;
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/v[\d.]+/, '');
    const headers = { 'Api-Version': '1.51', Ostype: 'linux', 'Content-Type': 'application/json' };
    if (path === '/_ping') return new Response('OK', { headers });
    const text = await request.text();
    this.seen.push({
      method: request.method,
      path: path + url.search,
      body: text === '' ? null : parsed(text),
      auth: decodeAuth(request.headers.get('x-registry-auth')),
    });
    const answer = this.answers[`${request.method} ${path}`];
    if (!answer) return new Response(JSON.stringify({ message: 'No such object' }), { status: 404, headers });
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return new Response(answer.status === 204 ? null : body, {
      status: answer.status ?? 200,
      headers: { ...headers, ...(answer.type ? { 'Content-Type': answer.type } : {}) },
    });
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }
}

function decodeAuth(header: string | null): unknown {
  return header === null ? null : parsed(Buffer.from(header, 'base64').toString());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export interface Pair {
  docker: Result & { seen: Seen[] };
  gantry: Result & { seen: Seen[] };
}

/** Both programs over the same answers, with an empty configuration. */
export async function both(
  argv: string[],
  answers: Record<string, Answer>,
  env: Record<string, string> = {},
): Promise<Pair> {
  const run = async (program: string[]) => {
    using server = new CannedServer(answers);
    const result = await command([...program, ...argv], {
      env: { DOCKER_CONFIG: '/nonexistent', DOCKER_HOST: server.host, TZ: 'UTC', ...env },
    });
    return { ...result, seen: server.seen };
  };
  const [docker, gantry] = await Promise.all([run(['docker']), run([bun, main])]);
  return { docker, gantry };
}

/** Docker's texts with our name, so that both can be compared. */
export function asGantry(text: string): string {
  return text
    .replaceAll("'docker ", "'gantry ")
    .replaceAll('docker: ', 'gantry: ')
    .replaceAll('  docker ', '  gantry ')
    .replaceAll(' docker ', ' gantry ')
    .replaceAll('SRun ', 'Run ')
    .replaceAll(/^time=".*\n/gm, '');
}

/** A create body without what means the default anyway: null, "", 0, false, [] and {}. */
export function meaning(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((item) => meaning(item) ?? item);
  if (typeof value !== 'object' || value === null)
    return value === null || value === '' || value === 0 || value === false ? undefined : value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, defaultsOf(key, item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Maps whose empty values mean something (a volume, an exposed port) keep their keys. */
const keyed = new Set([
  'Volumes',
  'ExposedPorts',
  'Labels',
  'Tmpfs',
  'Sysctls',
  'PortBindings',
  'StorageOpt',
]);

function defaultsOf(key: string, value: unknown): unknown {
  if (key === 'MemorySwappiness' && value === -1) return undefined;
  if (key === 'RestartPolicy' && JSON.stringify(value) === '{"Name":"no","MaximumRetryCount":0}')
    return undefined;
  if (key === 'ConsoleSize') return undefined;
  // Docker's client sends --env and --volume in the random order of a Go map.
  if ((key === 'Env' || key === 'Binds') && Array.isArray(value)) return [...value].sort();
  if ((key === 'MaskedPaths' || key === 'ReadonlyPaths') && Array.isArray(value)) return value;
  if (keyed.has(key) && value) return Object.keys(value).length === 0 ? undefined : value;
  return meaning(value);
}
