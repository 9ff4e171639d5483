/**
 * One engine of a test's own: gantry by default, Docker's daemon with ENGINE=docker. Both run in a network namespace of
 * their own on their own roots; the same cases drive both, so that a wrong expectation is caught by the reference.
 * GANTRY_TEST_DRIVER=fuse-overlayfs (or btrfs, vfs) runs gantry on that storage driver; with btrfs the data root is on a file
 * system made for it.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BtrfsImage } from './btrfs.ts';
import { type CommandOptions, command, eventually, type Result, succeed } from './command.ts';
import { TestNetwork } from './netns.ts';

const chosenKind: Kind = process.env.ENGINE === 'docker' ? 'docker' : 'gantry';
export const isGantry = chosenKind === 'gantry';

const checkout = join(import.meta.dir, '../..');
export const gantryBinary = process.env.GANTRY_BINARY ?? join(checkout, 'bin/gantry');
/** The unmodified docker CLI; what Debian's docker.io brings is the fallback. */
export const dockerBinary = process.env.DOCKER_BINARY ?? Bun.which('docker') ?? 'docker';

export type Cli = 'docker' | 'gantry';
/** The command lines that every case runs with: our own only talks to whatever listens on the socket, as docker's does. */
export const clis: Cli[] = isGantry ? ['docker', 'gantry'] : ['docker'];

export type Kind = 'gantry' | 'docker';

export interface EngineSetup {
  /** Default: what ENGINE says. */
  kind?: Kind;
  /** More flags for the daemon. */
  flags?: string[];
  /** gantry's storage driver. Default: what GANTRY_TEST_DRIVER says, else the one that the daemon finds. */
  driver?: string;
}

export class TestEngine implements AsyncDisposable {
  #daemon: Bun.Subprocess | null = null;

  private constructor(
    readonly kind: Kind,
    readonly directory: string,
    readonly network: TestNetwork,
    readonly flags: string[],
    readonly btrfs: BtrfsImage | null,
  ) {}

  static async start(setup: EngineSetup = {}): Promise<TestEngine> {
    const kind = setup.kind ?? chosenKind;
    const driver = kind === 'gantry' ? (setup.driver ?? process.env.GANTRY_TEST_DRIVER ?? '') : '';
    await using undo = new AsyncDisposableStack();
    const network = undo.use(await TestNetwork.create());
    const btrfs = driver === 'btrfs' ? undo.use(await BtrfsImage.create()) : null;
    const flags = [...(driver === '' ? [] : ['--storage-driver', driver]), ...(setup.flags ?? [])];
    const engine = new TestEngine(kind, mkdtempSync(join(tmpdir(), 'ge-')), network, flags, btrfs);
    undo.move(); // the engine's own from here on
    try {
      await engine.startDaemon();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  get socket(): string {
    return join(this.directory, 'api.sock');
  }
  get host(): string {
    return `unix://${this.socket}`;
  }
  get dataRoot(): string {
    return join(this.btrfs?.path ?? this.directory, 'data');
  }
  get execRoot(): string {
    return join(this.directory, 'exec');
  }
  get logFile(): string {
    return join(this.directory, 'daemon.log');
  }
  get daemonPid(): number {
    if (!this.#daemon) throw new Error('the daemon does not run');
    return this.#daemon.pid;
  }

  #argv(): string[] {
    const common = [
      '--data-root',
      this.dataRoot,
      '--exec-root',
      this.execRoot,
      '--pidfile',
      join(this.directory, 'pid'),
    ];
    if (this.kind === 'docker') return ['dockerd', '-H', this.host, ...common, ...this.flags];
    return [gantryBinary, 'daemon', '--host', this.host, ...common, '--bridge', 'gt0', ...this.flags];
  }

  /** Starts the daemon (again, on the same roots) and waits until it answers. */
  async startDaemon(): Promise<void> {
    const daemon = Bun.spawn([...this.network.prefix, ...this.#argv()], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: Bun.file(`${this.logFile}.${Date.now()}`),
    });
    this.#daemon = daemon;
    await eventually(
      async () => daemon.exitCode !== null || (await fetch('http://engine/_ping', { unix: this.socket })).ok,
      'the daemon answers',
      30_000,
    );
    if (daemon.exitCode !== null) throw new Error(`the daemon left with ${daemon.exitCode}: ${this.log()}`);
  }

  log(): string {
    const logs = readdirSync(this.directory).filter((name) => name.startsWith('daemon.log'));
    return logs
      .map((name) => readFileSync(join(this.directory, name), 'utf8'))
      .join('\n')
      .slice(-8000);
  }

  /** Ends the daemon only, by `signal`, and waits for it. */
  async stopDaemon(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon) return;
    this.#daemon = null;
    daemon.kill(signal);
    await daemon.exited;
  }

  /** Runs a command line against this engine. */
  run(cli: Cli, args: string[], options: CommandOptions = {}): Promise<Result> {
    return command(this.argv(cli, args), options);
  }

  argv(cli: Cli, args: string[]): string[] {
    return [cli === 'docker' ? dockerBinary : gantryBinary, '-H', this.host, ...args];
  }

  /** The same, but must succeed; gives trimmed stdout. */
  async ok(cli: Cli, ...args: string[]): Promise<string> {
    return (await succeed(this.argv(cli, args))).trim();
  }

  /** A request in the engine's own network: how a published port is reached. */
  curl(url: string, ...args: string[]): Promise<Result> {
    return command([...this.network.prefix, 'curl', '-sS', '--max-time', '5', ...args, url]);
  }

  api(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://engine${path}`, { ...init, unix: this.socket } as RequestInit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#daemon) {
      const ids = await command(this.argv('docker', ['ps', '-aq', '--no-trunc']), { timeout: 10_000 });
      const list = ids.stdout.split('\n').filter(Boolean);
      if (list.length > 0) await command(this.argv('docker', ['rm', '-fv', ...list]));
      await this.stopDaemon();
    }
    await this.network[Symbol.asyncDispose]();
    await command([
      'sh',
      '-c',
      `grep -o '${this.directory}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`,
    ]);
    rmSync(this.directory, { recursive: true, force: true });
    await this.btrfs?.[Symbol.asyncDispose]();
  }
}
