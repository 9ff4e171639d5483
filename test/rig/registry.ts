/** Debian's docker-registry, in the network of whoever pulls from it: there it is localhost:5000, which every client takes without TLS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, eventually, succeed } from './command.ts';

export class LocalRegistry implements AsyncDisposable {
  #process: Bun.Subprocess | null = null;

  private constructor(
    readonly directory: string,
    private readonly prefix: readonly string[],
    readonly port: number,
  ) {}

  /** `prefix` runs a command in the network it is to be part of. `settings` are more lines of its configuration. */
  static async start(prefix: readonly string[], settings = '', port = 5000): Promise<LocalRegistry> {
    const registry = new LocalRegistry(mkdtempSync(join(tmpdir(), 'gr-')), prefix, port);
    const config = `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${registry.directory}/data}, delete: {enabled: true}}
http: {addr: '127.0.0.1:${port}'}
${settings}`;
    await Bun.write(join(registry.directory, 'config.yml'), config);
    try {
      await registry.#run();
      return registry;
    } catch (error) {
      await registry[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #run(): Promise<void> {
    const child = Bun.spawn(
      [...this.prefix, 'docker-registry', 'serve', join(this.directory, 'config.yml')],
      {
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: Bun.file(join(this.directory, 'log')),
      },
    );
    this.#process = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(await Bun.file(join(this.directory, 'log')).text());
      return (await this.curl('/v2/')).code === 0;
    }, 'the registry answers');
  }

  get host(): string {
    return `localhost:${this.port}`;
  }

  /** A request in the registry's network; fails when nobody answers, whatever the answer is. */
  curl(path: string, ...args: string[]) {
    return command([
      ...this.prefix,
      'curl',
      '-sS',
      '--max-time',
      '5',
      ...args,
      `http://127.0.0.1:${this.port}${path}`,
    ]);
  }

  /** skopeo in the registry's network, without TLS. */
  skopeo(...args: string[]): Promise<string> {
    return succeed([...this.prefix, 'skopeo', '--insecure-policy', ...args], { timeout: 120_000 });
  }

  /** The bytes of a manifest or index, as skopeo gets them. */
  manifest(name: string): Promise<string> {
    return this.skopeo('inspect', '--raw', '--tls-verify=false', `docker://${this.host}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill();
    await this.#process?.exited;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
