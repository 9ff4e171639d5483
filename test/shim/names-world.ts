/** Name servers of the world, each at a loopback address of its own (port 53 is the only one that is asked). */
import { command, eventually } from '../rig/command.ts';

let count = 0;

/** Of this process, and not given out before. */
export const freshAddress = (): string =>
  `127.${64 + (process.pid & 127)}.${(process.pid >> 7) & 255}.${++count}`;

/** Debian's dnsmasq with these records. */
export class Dnsmasq implements AsyncDisposable {
  private constructor(
    readonly address: string,
    private readonly child: Bun.Subprocess,
  ) {}

  static async start(records: readonly string[]): Promise<Dnsmasq> {
    const address = freshAddress();
    const options = [
      '--no-resolv',
      '--no-hosts',
      '--bind-interfaces',
      '--edns-packet-max=4096',
      '--local=/#/',
    ];
    const argv = ['dnsmasq', '-k', '-C', '/dev/null', '-u', 'root', '-x', '', `--listen-address=${address}`];
    const child = Bun.spawn([...argv, ...options, ...records], { stderr: 'ignore' });
    const server = new Dnsmasq(address, child);
    try {
      await eventually(
        async () => (await command(['dig', `@${address}`, '+tries=1', 'ready.test'])).code === 0,
        'dnsmasq answers',
      );
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
  }
}

/** A server that does as the test says; null: it is silent. */
export class Puppet implements Disposable {
  readonly heard: Buffer[] = [];
  readonly ports: number[] = [];

  private constructor(
    readonly address: string,
    private readonly socket: Bun.udp.Socket<'buffer'>,
  ) {}

  static async start(answers: (query: Buffer) => Buffer[] = () => []): Promise<Puppet> {
    const hostname = freshAddress();
    const socket = await Bun.udpSocket({
      hostname,
      port: 53,
      socket: {
        data: (from, query, port, address) => {
          puppet.heard.push(query);
          puppet.ports.push(port);
          for (const answer of answers(query)) from.send(answer, port, address);
        },
      },
    });
    const puppet = new Puppet(hostname, socket);
    return puppet;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** The query as an answer without records. */
export function answerTo(query: Buffer, rcode: number, change: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.from(query);
  bytes.writeUInt16BE(0x8180 | rcode, 2);
  change(bytes);
  return bytes;
}
