/** A place in the network to call from and to be called at: the host, a neighbour, a container (which only has to sleep). */

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { patience, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import type { Neighbour } from '../rig/neighbour.ts';
import type { Protocol, Reply, Request } from './place-program.ts';

export type { Protocol } from './place-program.ts';

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Long enough that a repeated SYN gets its chance; whoever expects an answer waits longer. */
const silent = 1500;
const talkative = 15_000;

export class Place implements AsyncDisposable {
  readonly #waiting = new Map<number, (text: string) => void>();
  #last = 0;

  private constructor(
    readonly prefix: readonly string[],
    private readonly child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>,
  ) {
    void this.#read();
  }

  static at({ prefix }: { prefix: readonly string[] }): Place {
    const argv = [...prefix, process.execPath, join(import.meta.dir, 'place-program.ts')];
    return new Place(prefix, Bun.spawn(argv, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }));
  }

  static host = (engine: TestEngine): Place => Place.at(engine.network);
  static neighbour = (neighbour: Neighbour): Place => Place.at(neighbour);
  static async container(engine: TestEngine, ref: string): Promise<Place> {
    const pid = await engine.ok('docker', 'inspect', '-f', '{{.State.Pid}}', ref);
    return Place.at({ prefix: ['nsenter', `--net=/proc/${pid}/ns/net`] });
  }

  async #read(): Promise<void> {
    const lines = createInterface({ input: Readable.fromWeb(this.child.stdout as never) });
    for await (const line of lines) {
      const { id, text }: Reply = JSON.parse(line);
      this.#waiting.get(id)?.(text);
      this.#waiting.delete(id);
    }
  }

  #ask(request: Without<Request, 'id'>): Promise<string> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.child.stdin.write(`${JSON.stringify({ ...request, id })}\n`);
      this.child.stdin.flush();
    });
  }

  /** Answers every caller with its address. `::` = both families. */
  async serve(protocol: Protocol, port: number, host = '::'): Promise<void> {
    const error = await this.#ask({ verb: 'serve', protocol, host, port });
    if (error !== '') throw new Error(`${protocol} ${host} ${port}: ${error}`);
  }

  /**
   * The address that the server saw, `refused` or `silence`. `expected` only says how long silence has to last; `from` is an
   * address of the place.
   */
  call(protocol: Protocol, host: string, port: number, expected = '', from = ''): Promise<string> {
    const wait = patience(expected === 'silence' ? silent : talkative);
    return this.#ask({ verb: 'call', protocol, host, port, from, patience: wait });
  }

  /** Whose calls came here, answered or not. */
  async callers(): Promise<string[]> {
    return (await this.#ask({ verb: 'callers' })).split('\n').filter(Boolean);
  }

  run(line: string): Promise<string> {
    return succeed([...this.prefix, ...line.split(' ')]);
  }

  /** Before its container ends: it keeps the namespace alive. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill();
    await this.child.exited;
  }
}
