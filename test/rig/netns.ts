/**
 * A network namespace of a test's own, with a way out by NAT, so that an engine's bridges, rules and published ports never
 * touch the host's. The one rule that the host needs is in a table named after the namespace and goes with it.
 */
import { command, succeed } from './command.ts';

export class TestNetwork implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly index: number,
  ) {}

  static async create(): Promise<TestNetwork> {
    await succeed(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    for (;;) {
      const index = Math.floor(Math.random() * 16000);
      const name = `gtest${index}`;
      if ((await command(['ip', 'netns', 'add', name])).code !== 0) continue;
      const network = new TestNetwork(name, index);
      try {
        await network.#connect();
        return network;
      } catch (error) {
        await network[Symbol.asyncDispose]();
        throw error;
      }
    }
  }

  /** Host side and namespace side of the link out, a /30 of 10.192.0.0/12. */
  get addresses(): { host: string; inside: string } {
    const base = this.index * 4;
    const at = (n: number) => `10.${192 + (base >> 16)}.${(base >> 8) & 255}.${(base & 255) + n}`;
    return { host: at(1), inside: at(2) };
  }

  async #connect(): Promise<void> {
    const { host, inside } = this.addresses;
    const link = this.name;
    await succeed(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'up0', 'netns', this.name]);
    await succeed(['ip', 'addr', 'add', `${host}/30`, 'dev', link]);
    await succeed(['ip', 'link', 'set', link, 'up']);
    for (const line of [
      `addr add ${inside}/30 dev up0`,
      'link set up0 up',
      'link set lo up',
      `route add default via ${host}`,
    ])
      await succeed(['ip', '-n', this.name, ...line.split(' ')]);
    const rules = `table ip ${this.name} { chain post { type nat hook postrouting priority srcnat; ip saddr ${inside} masquerade; }; }`;
    await succeed(['nft', rules]);
  }

  /** Prefix that runs a command in this network but with the host's mounts (ip netns exec would hide the cgroups). */
  get prefix(): string[] {
    return ['nsenter', `--net=/run/netns/${this.name}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await command(['nft', 'delete', 'table', 'ip', this.name]);
    await command(['ip', 'link', 'del', this.name]);
    await command(['ip', 'netns', 'del', this.name]);
  }
}
