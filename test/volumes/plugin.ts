/** The plugin program beside an engine: a process of its own that keeps volumes in a directory tree of its own. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../rig/command.ts';
import { isGantry } from '../rig/engine.ts';

const program = join(import.meta.dir, 'plugin-program.ts');

export class VolumePlugin implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gantry-plugin-'));
  /** Docker looks nowhere else. */
  readonly #sockets = isGantry ? join(this.#directory, 'plugins') : '/run/docker/plugins';
  readonly store = join(this.#directory, 'store');
  readonly #log = join(this.#directory, 'calls');
  #child: Bun.Subprocess | null = null;

  /** `name`: of the driver. */
  constructor(readonly name: string) {
    mkdirSync(this.#sockets, { recursive: true });
  }

  /** So that gantry finds it. */
  get flags(): string[] {
    return isGantry ? ['--plugin-directory', this.#sockets] : [];
  }

  get socket(): string {
    return join(this.#sockets, `${this.name}.sock`);
  }

  async start(): Promise<void> {
    rmSync(this.#log, { force: true });
    this.#child = Bun.spawn([process.execPath, program, this.socket, this.store], {
      stdout: Bun.file(this.#log),
      stderr: 'inherit',
      stdin: 'ignore',
    });
    await eventually(() => this.calls().includes('ready'), 'the plugin listens');
  }

  /** `METHOD BODY` of each call. */
  calls(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').split('\n').filter(Boolean) : [];
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
    this.#child = null;
    rmSync(this.socket, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
