/**
 * A TCP connection that never rests: numbered lines to an echo server, one every few milliseconds. What comes back goes to a
 * file, so that nobody needs the daemon to look at it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';

/** Busybox's netcat: one `cat` for each caller. */
export const echoServer = (port: number) => ['nc', '-ll', '-p', String(port), '-e', 'cat'];

/**
 * Numbers what it sends until it is asked to hang up, and then waits for the rest of the echoes. Reading from a pipe that
 * nobody writes to is a pause for which the shell needs no other program.
 */
const caller = (directory: string, host: string, port: number) => `
  cd ${directory} && mkfifo nothing && exec 3<>nothing
  { i=0; while [ ! -e hangup ]; do i=$((i+1)); echo $i; read -t 0.004 x <&3; done; echo $i > sent; } |
    busybox nc ${host} ${port} > echoes
  echo $? > code`;

export class Call {
  private constructor(
    readonly name: string,
    private readonly directory: string,
    /** Prefix that runs a command where the caller's socket is. */
    private readonly place: string[],
    private readonly peer: string,
  ) {}

  /** By a container of the network. */
  static async within(
    engine: TestEngine,
    network: string,
    { host, port }: { host: string; port: number },
  ): Promise<Call> {
    const directory = join(engine.directory, 'call-within');
    mkdirSync(directory);
    const argv = ['run', '-d', '--name', 'caller', '--network', network, '-v', `${directory}:/call`];
    await engine.ok('docker', ...argv, 'busybox', 'sh', '-c', caller('/call', host, port));
    const pid = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', 'caller');
    const place = ['nsenter', `--net=/proc/${pid}/ns/net`];
    return await Call.#connected(new Call('from a container', directory, place, `${host}:${port}`));
  }

  /** By a program of another machine, so to speak: beyond the engine's own network namespace. */
  static async outside(engine: TestEngine, port: number): Promise<Call> {
    const directory = join(engine.directory, 'call-outside');
    mkdirSync(directory);
    const host = engine.network.addresses.inside;
    Bun.spawn(['busybox', 'sh', '-c', caller(directory, host, port)], { stderr: 'inherit' });
    return await Call.#connected(new Call('from outside', directory, [], `${host}:${port}`));
  }

  static async #connected(call: Call): Promise<Call> {
    await eventually(() => call.echoes().length > 0, `the call ${call.name} is answered`);
    return call;
  }

  echoes(): string[] {
    const file = join(this.directory, 'echoes');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Goes on while nobody but the kernel looks after it. */
  async advances(): Promise<void> {
    const before = this.echoes().length;
    const ended = join(this.directory, 'code');
    const further = () => existsSync(ended) || this.echoes().length >= before + 3;
    await eventually(further, `the call ${this.name} goes on`);
    if (existsSync(ended)) throw new Error(`the call ${this.name} broke off after ${this.echoes().length}`);
  }

  /** How many segments the caller had to send again because nobody acknowledged them. */
  async retransmissions(): Promise<number> {
    const argv = ['ss', '-tinH', 'dst', this.peer];
    const { stdout } = await command([...this.place, ...argv]);
    if (!stdout.includes('cubic') && !stdout.includes('rto:')) throw new Error(`no socket to ${this.peer}`);
    return Number(/retrans:\d+\/(\d+)/.exec(stdout)?.[1] ?? 0);
  }

  /** What came back, and what had been sent. */
  async hangUp(): Promise<{ code: string; sent: number; echoes: string[] }> {
    writeFileSync(join(this.directory, 'hangup'), '');
    const read = (file: string) => readFileSync(join(this.directory, file), 'utf8').trim();
    const code = await eventually(() => read('code'), `the call ${this.name} ends`);
    return { code, sent: Number(read('sent')), echoes: this.echoes() };
  }
}
