/** The engine itself in this process, on roots of its own and without a bridge: no API, no CLI, no second process. */

import { Database } from 'bun:sqlite';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyRequest } from '../../src/containers/empty-request.ts';
import type {
  ContainerConfig,
  ContainerStream,
  CreateRequest,
  HostConfig,
} from '../../src/containers/model.ts';
import { type Engine, openEngine } from '../../src/engine/engine.ts';
import type { EngineOptions } from '../../src/engine/model.ts';
import type { EngineEvent } from '../../src/lib/events.ts';
import type { ContainerId } from '../../src/lib/ids.ts';
import { busyboxTar, makeBusybox } from '../rig/images.ts';

export interface Changes {
  name?: string;
  config?: Partial<ContainerConfig>;
  hostConfig?: Partial<HostConfig>;
}

export class EngineRig implements AsyncDisposable {
  readonly ids: ContainerId[] = [];
  private constructor(
    readonly directory: string,
    public engine: Engine,
    private readonly changes: Partial<EngineOptions>,
  ) {}

  static async open(changes: Partial<EngineOptions> = {}): Promise<EngineRig> {
    await makeBusybox();
    const directory = mkdtempSync(join(tmpdir(), 'ge-'));
    const rig = new EngineRig(directory, await openAt(directory, changes), changes);
    await rig.engine.images.import(
      Bun.file(busyboxTar).stream(),
      { name: 'busybox:latest', message: '', changes: ['CMD ["sh"]'], platform: '' },
      { signal: new AbortController().signal, progress: () => {}, log: () => {} },
    );
    return rig;
  }

  get containers() {
    return this.engine.containers;
  }

  /** As a daemon that ends and comes again. */
  async reopen(): Promise<void> {
    await this.engine.close();
    this.engine = await openAt(this.directory, this.changes);
  }

  request(cmd: string[], changes: Changes = {}): CreateRequest {
    const base = emptyRequest('busybox', cmd);
    return {
      ...base,
      name: changes.name ?? '',
      config: { ...base.config, ...changes.config },
      hostConfig: { ...base.hostConfig, networkMode: 'none', ...changes.hostConfig },
    };
  }

  async create(cmd: string[], changes: Changes = {}): Promise<ContainerId> {
    const { id } = await this.containers.create(this.request(cmd, changes));
    this.ids.push(id);
    return id;
  }

  async start(cmd: string[], changes: Changes = {}): Promise<ContainerId> {
    const id = await this.create(cmd, changes);
    await this.containers.start(id);
    return id;
  }

  /** create, attach, wait, start, as `docker run` does it. */
  async run(
    cmd: string[],
    changes: Changes = {},
    stdin?: string,
  ): Promise<{ code: number; out: string; err: string; id: ContainerId }> {
    const open = stdin !== undefined;
    const id = await this.create(cmd, {
      ...changes,
      config: { openStdin: open, stdinOnce: open, ...changes.config },
    });
    const stream = await this.containers.attach(id, {
      stdin: open,
      stdout: true,
      stderr: true,
      detachKeys: '',
    });
    const { result } = await this.containers.wait(id, 'next-exit', new AbortController().signal);
    const output = collect(stream);
    await this.containers.start(id);
    if (stdin !== undefined) {
      await stream.write(Buffer.from(stdin));
      stream.end();
    }
    const { code } = await result;
    return { code, id, ...(await output) };
  }

  async logs(
    id: string,
    changes: Partial<Parameters<Engine['containers']['logs']>[1]> = {},
  ): Promise<string> {
    const query = {
      follow: false,
      stdout: true,
      stderr: true,
      since: 0,
      until: 0,
      timestamps: false,
      details: false,
      tail: -1,
      ...changes,
    };
    const { stream, tty } = await this.containers.logs(id, query, new AbortController().signal);
    const bytes = Buffer.from(await new Response(stream).arrayBuffer());
    if (tty) return bytes.toString();
    const { out, err } = unframe(bytes);
    return out + err;
  }

  async exit(id: string): Promise<number> {
    const { result } = await this.containers.wait(id, 'not-running', new AbortController().signal);
    return (await result).code;
  }

  async remove(id: string): Promise<void> {
    await this.containers.remove(id, { force: true, volumes: true, link: false });
  }

  async events(work: () => Promise<unknown>): Promise<EngineEvent[]> {
    const abort = new AbortController();
    const stream = this.engine.system.events({ since: null, until: null, filters: new Map() }, abort.signal);
    const seen: EngineEvent[] = [];
    const reading = (async () => {
      for await (const event of stream) seen.push(event);
    })();
    await work();
    abort.abort();
    await reading;
    return seen;
  }

  /** What removed containers left. */
  leftovers(): string[] {
    const list = (path: string) =>
      existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
    const cgroups = [...list('/sys/fs/cgroup'), '/sys/fs/cgroup'].flatMap((root) =>
      this.ids.map((id) => join(root, 'gantry', id)).filter((path) => existsSync(path)),
    );
    return [
      ...list(join(this.directory, 'exec/shim')),
      ...list(join(this.directory, 'exec/containers')),
      ...list(join(this.directory, 'data/containers')),
      ...this.snapshots(),
      ...cgroups,
      ...this.shims(),
      ...readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(this.directory)),
    ];
  }

  snapshots(): string[] {
    const directory = join(this.directory, 'data/snapshots');
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
      this.ids.some((id) => path.endsWith(id)),
    );
  }

  /** Writable snapshots of no container. */
  orphanSnapshots(): string[] {
    const db = new Database(join(this.directory, 'data/gantry.db'), { readonly: true });
    try {
      return db
        .query<{ key: string }, []>("SELECT key FROM snapshots WHERE state = 'writable'")
        .all()
        .map(({ key }) => key);
    } finally {
      db.close();
    }
  }

  shims(): string[] {
    const titles = this.ids.map((id) => `\0shim\0${id.slice(0, 12)}\0`);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          return titles.some((title) => line.includes(title));
        } catch {
          return false;
        }
      })
      .map((pid) => `shim ${pid}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { id } of await this.containers.list()) await this.remove(id);
    await this.engine.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A container that runs until it is stopped, with an anonymous volume. */
export const lifeRequest = (name: string): CreateRequest => {
  const base = emptyRequest('busybox', ['sleep', '600']);
  return {
    ...base,
    name: `${name}-${process.pid}`,
    config: { ...base.config, volumes: ['/data'] },
    hostConfig: { ...base.hostConfig, networkMode: 'none' },
  };
};

export const options = (directory: string) => ({
  dataRoot: join(directory, 'data'),
  execRoot: join(directory, 'exec'),
  bridge: null,
  bip: '',
  icc: true,
  addressPools: [],
  storageDriver: '',
  logLevel: 'error' as const,
  labels: [],
  dns: [],
  logOptions: {},
  registries: { insecure: [], mirrors: [], certificates: [], attempts: 5 },
  pluginDirectories: [],
  maxDownloads: 3,
  maxUploads: 5,
  thinLayers: true,
  imageGc: null,
});

const openAt = (directory: string, changes: Partial<EngineOptions>) =>
  openEngine({ ...options(directory), ...changes }, (level, message, fields) => {
    if (level === 'error' || level === 'warn' || process.env.DEBUG)
      console.error(level, message, fields ?? '');
  });

export async function collect(stream: ContainerStream): Promise<{ out: string; err: string }> {
  const bytes = Buffer.from(await new Response(stream.output).arrayBuffer());
  return stream.tty ? { out: bytes.toString(), err: '' } : unframe(bytes);
}

export function unframe(bytes: Buffer): { out: string; err: string } {
  const text = { out: '', err: '' };
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at + 4);
    text[bytes[at] === 2 ? 'err' : 'out'] += bytes.toString('utf8', at + 8, at + 8 + size);
    at += 8 + size;
  }
  return text;
}
