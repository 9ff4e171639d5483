/** Debian's dnsmasq as the world's name server, in an engine's network. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, eventually } from './command.ts';
import type { TestNetwork } from './netns.ts';

export class Dnsmasq implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gantry-dnsmasq-'));
  #child: Bun.Subprocess | null = null;

  private constructor(readonly address: string) {}

  /** Knows `records` (dnsmasq's own flags) and nothing else. */
  static async start(network: TestNetwork, records: string[]): Promise<Dnsmasq> {
    const server = new Dnsmasq(network.addresses.inside);
    const log = join(server.#directory, 'log');
    const flags = ['--no-resolv', '--no-hosts', '--bind-interfaces', '--user=root', '--log-queries'];
    server.#child = Bun.spawn(
      [
        ...network.prefix,
        'dnsmasq',
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        `--pid-file=${join(server.#directory, 'pid')}`,
        `--log-facility=${log}`,
        `--listen-address=${server.address}`,
        ...flags,
        ...records,
      ],
      { stdout: 'ignore', stderr: 'inherit' },
    );
    await eventually(
      async () =>
        (await command([...network.prefix, 'dig', `@${server.address}`, '+time=1', '+tries=1', 'ready.test']))
          .code === 0,
      'dnsmasq answers',
    );
    return server;
  }

  /** Whether anybody has asked for `name`. */
  wasAsked(name: string): boolean {
    return readFileSync(join(this.#directory, 'log'), 'utf8').includes(`] ${name} from`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill();
    await this.#child?.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
