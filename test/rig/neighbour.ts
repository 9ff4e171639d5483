/**
 * Another machine on a link of its own to a test's network: it may be given routes, forge addresses and listen without
 * anything of the host being touched, and it has IPv6.
 */
import { command, succeed } from './command.ts';
import type { TestNetwork } from './netns.ts';

const link = 'lan0';

export class Neighbour implements AsyncDisposable {
  private constructor(
    readonly name: string,
    private readonly network: TestNetwork,
  ) {}

  static async of(network: TestNetwork): Promise<Neighbour> {
    const neighbour = new Neighbour(`${network.name}n`, network);
    await succeed(['ip', 'netns', 'add', neighbour.name]);
    try {
      await neighbour.#connect();
      return neighbour;
    } catch (error) {
      await neighbour[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Its own, and what it knows the host by. */
  readonly addresses = { 4: '192.0.2.2', 6: 'fd00:c000:2::2' } as const;
  readonly hostAddresses = { 4: '192.0.2.1', 6: 'fd00:c000:2::1' } as const;

  async #connect(): Promise<void> {
    await succeed([
      'ip',
      '-n',
      this.network.name,
      ...`link add ${link} type veth peer eth0 netns ${this.name}`.split(' '),
    ]);
    const ends = [
      [this.network.name, link, this.hostAddresses],
      [this.name, 'eth0', this.addresses],
    ] as const;
    for (const [namespace, name, addresses] of ends)
      for (const line of [
        `addr add ${addresses[4]}/24 dev ${name}`,
        `addr add ${addresses[6]}/64 dev ${name} nodad`,
        `link set ${name} up`,
      ])
        await succeed(['ip', '-n', namespace, ...line.split(' ')]);
    await this.run('ip link set lo up');
  }

  /** Prefix that runs a command on it. */
  get prefix(): string[] {
    return ['nsenter', `--net=/run/netns/${this.name}`];
  }

  run(line: string): Promise<string> {
    return succeed([...this.prefix, ...line.split(' ')]);
  }

  async routeByHost(subnet: string): Promise<void> {
    await this.run(`ip route replace ${subnet} via ${this.hostAddresses[subnet.includes(':') ? 6 : 4]}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await command(['ip', '-n', this.network.name, 'link', 'del', link]);
    await command(['ip', 'netns', 'del', this.name]);
  }
}
