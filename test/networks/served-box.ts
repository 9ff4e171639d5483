/** A container whose ports answer, and the host that calls what of them is published. */
import type { Cli, TestEngine } from '../rig/engine.ts';
import { sleeper } from './inside.ts';
import { Place, type Protocol } from './place.ts';

export class ServedBox implements AsyncDisposable {
  #inside: Place | null = null;

  private constructor(
    readonly engine: TestEngine,
    readonly cli: Cli,
    readonly host: Place,
  ) {}

  /** The container `box`: TCP 80, 81 and 7000 to 7003 answer in it, and UDP 5300. */
  static async start(engine: TestEngine, cli: Cli, ...flags: string[]): Promise<ServedBox> {
    await sleeper(engine, cli, 'box', ...flags);
    const box = new ServedBox(engine, cli, Place.at(engine.network));
    await box.serve();
    return box;
  }

  /** Again after it was restarted. */
  async serve(): Promise<void> {
    await this.#inside?.[Symbol.asyncDispose]();
    const inside = await Place.container(this.engine, 'box');
    this.#inside = inside;
    for (const port of [80, 81, 7000, 7001, 7002, 7003]) await inside.serve('tcp', port);
    await inside.serve('udp', 5300);
  }

  async restart(...args: string[]): Promise<void> {
    await this.#inside?.[Symbol.asyncDispose]();
    this.#inside = null;
    await this.engine.ok(this.cli, 'restart', '-t', '0', ...args, 'box');
    await this.serve();
  }

  /** `answered`, `refused` or `silence`, when the host calls. */
  async called(port: number, host = '127.0.0.1', protocol: Protocol = 'tcp'): Promise<string> {
    const said = await this.host.call(protocol, host, port);
    return ['refused', 'silence'].includes(said) ? said : 'answered';
  }

  /** What `port` prints, line by line; the IPv4 side only unless `all`: Docker's proxy also listens on IPv6. */
  async ports(all = false): Promise<string[]> {
    const lines = (await this.engine.ok(this.cli, 'port', 'box')).split('\n').filter(Boolean);
    return all ? lines : lines.filter((line) => !line.includes('['));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inside?.[Symbol.asyncDispose]();
    await this.host[Symbol.asyncDispose]();
    await this.engine.ok('docker', 'rm', '-f', 'box');
  }
}
