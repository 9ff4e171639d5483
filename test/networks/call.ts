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
const script = (directory: string, host: string, port: number) => `
  cd ${directory} && mkfifo nothing && exec 3<>nothing
  { i=0; while [ ! -e hangup ]; do i=$((i+1)); echo $i; read -t 0.004 x <&3; done; echo $i > sent; } |
    busybox nc ${host} ${port} > echoes
  echo $? > code`;

interface Caller {
  name: string;
  directory: string;
  /** Prefix that runs a command where the caller's socket is. */
  place: string[];
  /** Whom it talks to. */
  peer: string;
  /** Its process, where that is not a container's. */
  process?: Bun.Subprocess;
}

export class Call implements Disposable {
  private constructor(private readonly caller: Caller) {}

  /** By a container of the network. */
  static async within(
    engine: TestEngine,
    network: string,
    { host, port }: { host: string; port: number },
  ): Promise<Call> {
    const directory = join(engine.directory, 'call-within');
    mkdirSync(directory);
    const argv = ['run', '-d', '--name', 'caller', '--network', network, '-v', `${directory}:/call`];
    await engine.ok('docker', ...argv, 'busybox', 'sh', '-c', script('/call', host, port));
    const pid = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', 'caller');
    const place = ['nsenter', `--net=/proc/${pid}/ns/net`];
    return await Call.#connected({ name: 'from a container', directory, place, peer: `${host}:${port}` });
  }

  /** By a program of another machine, so to speak: beyond the engine's own network namespace. */
  static async outside(engine: TestEngine, port: number): Promise<Call> {
    const directory = join(engine.directory, 'call-outside');
    mkdirSync(directory);
    const host = engine.network.addresses.inside;
    const process = Bun.spawn(['busybox', 'sh', '-c', script(directory, host, port)], { detached: true });
    return await Call.#connected({
      name: 'from outside',
      directory,
      place: [],
      peer: `${host}:${port}`,
      process,
    });
  }

  static async #connected(caller: Caller): Promise<Call> {
    const call = new Call(caller);
    await eventually(() => call.echoes().length > 0, `the call ${caller.name} is answered`);
    return call;
  }

  /** The shell and what it started are a process group. */
  [Symbol.dispose](): void {
    const leader = this.caller.process;
    if (leader && leader.exitCode === null) process.kill(-leader.pid, 'SIGKILL');
  }

  echoes(): string[] {
    const file = join(this.caller.directory, 'echoes');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Goes on while nobody but the kernel looks after it. */
  async advances(): Promise<void> {
    const before = this.echoes().length;
    const ended = join(this.caller.directory, 'code');
    const further = () => existsSync(ended) || this.echoes().length >= before + 3;
    await eventually(further, `the call ${this.caller.name} goes on`);
    if (existsSync(ended))
      throw new Error(`the call ${this.caller.name} broke off after ${this.echoes().length}`);
  }

  /** How many segments the caller had to send again because nobody acknowledged them. */
  async retransmissions(): Promise<number> {
    const argv = ['ss', '-tinH', 'dst', this.caller.peer];
    const { stdout } = await command([...this.caller.place, ...argv]);
    if (!stdout.includes('cubic') && !stdout.includes('rto:'))
      throw new Error(`no socket to ${this.caller.peer}`);
    return Number(/retrans:\d+\/(\d+)/.exec(stdout)?.[1] ?? 0);
  }

  /** What came back, and what had been sent. */
  async hangUp(): Promise<{ code: string; sent: number; echoes: string[] }> {
    writeFileSync(join(this.caller.directory, 'hangup'), '');
    const read = (file: string) => readFileSync(join(this.caller.directory, file), 'utf8').trim();
    const code = await eventually(() => read('code'), `the call ${this.caller.name} ends`);
    return { code, sent: Number(read('sent')), echoes: this.echoes() };
  }
}
