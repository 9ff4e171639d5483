/** A registry in the network of whoever pulls from it: there it is localhost, which every client takes without verified TLS. */
import { afterAll } from 'bun:test';
import { type RegistrySetup, startRegistry, type TestRegistry } from '../registry/rig.ts';
import { command, type Result, succeed } from './command.ts';
import type { TestEngine } from './engine.ts';

export class LocalRegistry implements AsyncDisposable {
  private constructor(
    private readonly registry: TestRegistry,
    private readonly prefix: readonly string[],
  ) {}

  static async start(
    { network }: Pick<TestEngine, 'network'>,
    setup: RegistrySetup = {},
  ): Promise<LocalRegistry> {
    return new LocalRegistry(await startRegistry({ ...setup, prefix: network.prefix }), network.prefix);
  }

  get host(): string {
    return this.registry.host.replace('127.0.0.1', 'localhost');
  }

  /** A request in the registry's network. */
  curl(path: string, ...args: string[]): Promise<Result> {
    return command([...this.prefix, 'curl', '-sS', '--max-time', '5', ...args, this.registry.url + path]);
  }

  /** skopeo in the registry's network, without verified TLS. */
  skopeo(...args: string[]): Promise<string> {
    return succeed([...this.prefix, 'skopeo', '--insecure-policy', ...args], { timeout: 120_000 });
  }

  /** The bytes of a manifest or index, as skopeo gets them. */
  manifest(name: string): Promise<string> {
    return this.skopeo('inspect', '--raw', '--tls-verify=false', `docker://${this.host}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
  }
}

/** One registry for all cases of a file, started by the first that asks for it. */
export function sharedRegistry(): (engine: TestEngine) => Promise<LocalRegistry> {
  let running: Promise<LocalRegistry> | undefined;
  afterAll(async () => (await running)?.[Symbol.asyncDispose]());
  return (engine) => {
    running ??= LocalRegistry.start(engine);
    return running;
  };
}
