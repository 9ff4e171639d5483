/** Containers in memory: no processes, but the same promises as the real noun keeps. Commands: echo, cat, exit, count, sleep. */
import type {
  Container,
  ContainerStream,
  CreateRequest,
  Exec,
  ExecRequest,
  LogQuery,
  StatsSample,
  WaitCondition,
} from '../../src/containers/model.ts';
import type { Containers } from '../../src/containers/service.ts';
import { conflict, internal, invalid, notFound, notModified, unsupported } from '../../src/lib/errors.ts';
import { type ContainerId, newContainerId, newExecId } from '../../src/lib/ids.ts';
import type { FakeNetworks } from './fake-networks.ts';
import { FakeProcess } from './fake-process.ts';
import { imageId } from './fixtures.ts';

interface Entry {
  container: Container;
  process: FakeProcess;
  exits: ((code: number) => void)[];
  removed: (() => void)[];
}

export class FakeContainers implements Containers {
  /** What was called, in order: protocol tests read it. */
  readonly calls: string[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #execs = new Map<string, { exec: Exec; process: FakeProcess }>();

  constructor(readonly networks: FakeNetworks) {}

  #find(ref: string): Entry {
    for (const entry of this.#entries.values())
      if (entry.container.name === ref || entry.container.id.startsWith(ref)) return entry;
    throw notFound(`No such container: ${ref}`);
  }

  async statPath(): Promise<never> {
    throw unsupported('the fake has no files');
  }
  getArchive = this.statPath;
  putArchive = this.statPath;
  changes = this.statPath;
  export = this.statPath;

  async create(request: CreateRequest): Promise<{ id: ContainerId; warnings: string[] }> {
    this.calls.push('create');
    const { config } = request;
    if (config.image !== 'busybox' && config.image !== 'busybox:latest')
      throw notFound(
        `No such image: ${config.image.includes(':') ? config.image : `${config.image}:latest`}`,
      );
    for (const { container } of this.#entries.values())
      if (request.name !== '' && container.name === request.name)
        throw conflict(
          `Conflict. The container name "/${request.name}" is already in use by container "${container.id}". You have to remove (or rename) that container to be able to reuse that name.`,
        );
    const id = newContainerId();
    const [path = 'sh', ...args] = [...(config.entrypoint ?? []), ...(config.cmd ?? [])];
    const container: Container = {
      id,
      name: request.name || `fake_${id.slice(0, 6)}`,
      created: Date.now(),
      imageId,
      path,
      args,
      config,
      hostConfig: request.hostConfig,
      mounts: [],
      state: { status: 'created' },
      restartCount: 0,
      stoppedByUser: false,
      health: null,
      endpoints: [],
      ports: [],
      driver: 'overlay2',
      platform: 'linux/amd64',
      files: { hostname: '', hosts: '', resolvConf: '', log: '' },
      execIds: [],
      warnings: [],
    };
    const process = new FakeProcess([path, ...args], config.tty);
    this.#entries.set(id, { container, process, exits: [], removed: [] });
    return { id, warnings: [] };
  }

  async start(ref: string): Promise<void> {
    this.calls.push('start');
    const entry = this.#find(ref);
    const { container, process } = entry;
    if (container.state.status === 'running') throw notModified('container is already running');
    if (container.path === 'missing') {
      this.#exited(entry, 127, 0);
      throw invalid(
        'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "missing": executable file not found in $PATH: unknown',
      );
    }
    const startedAt = Date.now();
    container.state = { status: 'running', process: { pid: 4242, startTime: '1', shimPid: 4241, startedAt } };
    void process.run().then((code) => this.#exited(entry, code, startedAt));
  }

  #exited(entry: Entry, code: number, startedAt: number): void {
    const { container } = entry;
    container.state = {
      status: 'exited',
      last: { code, oom: false, error: '', startedAt, finishedAt: Date.now() },
    };
    for (const resolve of entry.exits.splice(0)) resolve(code);
    if (!container.hostConfig.autoRemove) return;
    this.#entries.delete(container.id);
    for (const resolve of entry.removed.splice(0)) resolve();
  }

  async commit(...[ref, request]: Parameters<Containers['commit']>) {
    this.calls.push(`commit ${JSON.stringify(request)}`);
    this.#find(ref);
    return imageId;
  }

  async stop(ref: string): Promise<void> {
    const { container, process } = this.#find(ref);
    if (container.state.status !== 'running') throw notModified('container is already stopped');
    process.kill(137);
  }
  async restart(ref: string): Promise<void> {
    await this.stop(ref);
    await this.start(ref);
  }
  async kill(ref: string, signal: string): Promise<void> {
    this.calls.push(`kill ${signal}`);
    const { container, process } = this.#find(ref);
    if (container.state.status !== 'running')
      throw conflict(`cannot kill container: ${ref}: container ${container.id} is not running`);
    process.kill(137);
  }
  async pause(ref: string): Promise<void> {
    const { container } = this.#find(ref);
    if (container.state.status !== 'running') throw conflict(`Container ${container.id} is not running`);
    container.state = { status: 'paused', process: container.state.process };
  }
  async unpause(ref: string): Promise<void> {
    const { container } = this.#find(ref);
    if (container.state.status !== 'paused') throw conflict(`Container ${container.id} is not paused`);
    container.state = { status: 'running', process: container.state.process };
  }
  async rename(ref: string, name: string): Promise<void> {
    this.#find(ref).container.name = name;
  }
  async remove(ref: string, { force }: { force: boolean }): Promise<void> {
    const { container, process } = this.#find(ref);
    if (container.state.status === 'running' && !force)
      throw conflict(
        `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`,
      );
    process.kill(137);
    this.#entries.delete(container.id);
  }

  async wait(
    ref: string,
    condition: WaitCondition,
  ): Promise<{ result: Promise<{ code: number; error: string }> }> {
    this.calls.push(`wait ${condition}`);
    const entry = this.#find(ref);
    const { state } = entry.container;
    if (condition === 'not-running' && state.status === 'exited')
      return { result: Promise.resolve({ code: state.last.code, error: '' }) };
    const exit = new Promise<number>((resolve) => entry.exits.push(resolve));
    const gone = new Promise<void>((resolve) => entry.removed.push(resolve));
    return {
      result: exit.then(async (code) => {
        if (condition === 'removed') await gone;
        return { code, error: '' };
      }),
    };
  }

  async update(...[ref, changes]: Parameters<Containers['update']>) {
    this.calls.push(`update ${JSON.stringify(changes)}`);
    this.#find(ref);
    return { warnings: [] };
  }
  async connect(...[ref, network, request]: Parameters<Containers['connect']>) {
    const { container } = this.#find(ref);
    const endpoint = await this.networks.join(network, container.id, container.name, request);
    container.endpoints.push(endpoint);
  }
  async disconnect(...[ref, network, force]: Parameters<Containers['disconnect']>) {
    this.calls.push(`disconnect ${force}`);
    const { container } = this.#find(ref);
    const { id, name } = await this.networks.get(network);
    const rest = container.endpoints.filter(({ networkId }) => networkId !== id);
    if (rest.length === container.endpoints.length)
      throw internal(`container ${container.id} is not connected to network ${name}`);
    container.endpoints = rest;
    await this.networks.leave(network, container.id);
  }
  async get(ref: string): Promise<Container> {
    return this.#find(ref).container;
  }
  async list(): Promise<Container[]> {
    return [...this.#entries.values()].map(({ container }) => container);
  }
  async size(): Promise<{ writable: number; root: number }> {
    return { writable: 1234, root: 5678 };
  }
  async top(): Promise<{ titles: string[]; processes: string[][] }> {
    return { titles: ['PID', 'CMD'], processes: [['4242', 'cat']] };
  }
  async prune(): Promise<{ removed: ContainerId[]; space: number }> {
    return { removed: [], space: 0 };
  }

  async sample(ref: string): Promise<StatsSample | null> {
    if (this.#find(ref).container.state.status !== 'running') return null;
    return {
      read: Date.now(),
      cgroupVersion: 2,
      cpu: {
        total: 5e6,
        user: 3e6,
        kernel: 2e6,
        perCpu: [],
        system: 1e9,
        online: 2,
        throttling: { periods: 0, throttledPeriods: 0, throttledTime: 0 },
      },
      memory: { usage: 2 ** 20, maxUsage: 0, limit: 2 ** 30, failcnt: 0, stats: { inactive_file: 0 } },
      pids: { current: 1, limit: 0 },
      io: [],
      networks: {},
    };
  }

  async attach(ref: string): Promise<ContainerStream> {
    this.calls.push('attach');
    return this.#find(ref).process.attach();
  }
  async resize(): Promise<void> {}
  async logs(
    ref: string,
    query: LogQuery,
    signal: AbortSignal,
  ): Promise<{ tty: boolean; stream: ReadableStream<Uint8Array> }> {
    const { container, process } = this.#find(ref);
    return { tty: container.config.tty, stream: process.logs(query.follow, signal) };
  }

  async createExec(ref: string, request: ExecRequest) {
    const { container } = this.#find(ref);
    if (container.state.status !== 'running') throw conflict(`container ${container.id} is not running`);
    const id = newExecId();
    const process = new FakeProcess(request.cmd, request.tty);
    this.#execs.set(id, {
      exec: { id, containerId: container.id, request, state: { status: 'created' } },
      process,
    });
    return id;
  }
  async startExec(id: string, { detach }: { detach: boolean }) {
    const entry = this.#execs.get(id);
    if (!entry) throw notFound(`No such exec instance: ${id}`);
    const { exec, process } = entry;
    if (exec.request.cmd[0] === 'missing') {
      exec.state = { status: 'exited', pid: 0, code: 127 };
      throw invalid(
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "missing": executable file not found in $PATH: unknown',
      );
    }
    exec.state = { status: 'running', pid: 4300 };
    const stream = process.attach();
    void process.run().then((code) => {
      exec.state = { status: 'exited', pid: 4300, code };
    });
    return { stream: detach ? null : stream };
  }
  async getExec(id: string): Promise<Exec> {
    const entry = this.#execs.get(id);
    if (!entry) throw notFound(`No such exec instance: ${id}`);
    return entry.exec;
  }
  async resizeExec(): Promise<void> {}
  async explain(request: CreateRequest): Promise<string> {
    return `mount / for ${request.config.image}`;
  }
}
