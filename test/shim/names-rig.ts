/** Containers that are a process in a network namespace of its own, and sockets in there. */
import { type Answer, type DecodedPacket, decode, encode } from 'dns-packet';
import { CLONE } from '../../src/linux/flags.ts';
import type { Operation } from '../../src/linux/operations.ts';
import type { NameView, Views } from '../../src/networks/dns/model.ts';
import { DnsServer } from '../../src/networks/dns/server.ts';
import type { Launch } from '../../src/shim/protocol.ts';
import { command, type Result } from '../rig/command.ts';
import type { Order, Report } from './names-client.ts';
import { type Launched, operations, Rig } from './rig.ts';

export type Names = Record<string, { ipv4?: string[]; ipv6?: string[] }>;

export function viewOf(names: Names, rest: Partial<NameView> = {}): NameView {
  return {
    lookup: (name) => {
      const found = names[name];
      return found ? { ipv4: found.ipv4 ?? [], ipv6: found.ipv6 ?? [] } : null;
    },
    reverse: (address) => {
      const of = Object.entries(names).find(([, { ipv4, ipv6 }]) => [ipv4, ipv6].flat().includes(address));
      return of ? `${of[0]}.net.` : null;
    },
    upstream: null,
    keepsBareNames: false,
    ...rest,
  };
}

/** The daemon's name server, until the end of the scope. */
export async function serving(path: string, views: Views): Promise<DnsServer & AsyncDisposable> {
  const server = new DnsServer({ path, views, log: () => {} });
  await server.open();
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

export function queryFor(name: string, type = 'A', id = 1, additionals: Answer[] = []): Buffer {
  const questions = [{ name, type: type as 'A' }];
  return encode({ type: 'query', id, flags: 0x0100, questions, additionals });
}

export const opt = (udpPayloadSize: number): Answer => ({
  ...{ type: 'OPT', name: '.', udpPayloadSize, options: [] },
  ...{ extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false },
});

export const rcodeOf = (packet: DecodedPacket): number => (packet.flags ?? 0) & 0xf;
/** The data of the answer's records, sorted: shuffling is tested elsewhere. */
export const dataOf = (packet: DecodedPacket): string[] =>
  (packet.answers ?? []).map((answer) => ('data' in answer ? String(answer.data) : '')).sort();

/** One socket in the namespace. */
export class Mouth {
  readonly got: Buffer[] = [];
  ended = false;
  #wake: (() => void)[] = [];
  #measured: ((milliseconds: number) => void) | null = null;

  constructor(
    readonly kind: 'udp' | 'tcp',
    private readonly order: (order: 'send' | 'end' | 'measure', more: object) => void,
  ) {}

  heard(report: Report): void {
    if (report.says === 'got') this.got.push(Buffer.from(report.hex, 'hex'));
    if (report.says === 'end') this.ended = true;
    if (report.says === 'measured') this.#measured?.(report.milliseconds);
    for (const wake of this.#wake.splice(0)) wake();
  }

  send(bytes: Buffer, times = 1): void {
    this.order('send', { hex: this.#framed(bytes).toString('hex'), times });
  }

  /** Bytes as they are, also on a connection. */
  sendRaw(bytes: Buffer): void {
    this.order('send', { hex: bytes.toString('hex') });
  }

  end(): void {
    this.order('end', {});
  }

  measure(bytes: Buffer, times: number): Promise<number> {
    this.order('measure', { hex: this.#framed(bytes).toString('hex'), times });
    return new Promise((resolve) => {
      this.#measured = resolve;
    });
  }

  #framed(message: Buffer): Buffer {
    if (this.kind === 'udp') return message;
    return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
  }

  /** Every whole message so far. */
  messages(): Buffer[] {
    if (this.kind === 'udp') return this.got;
    const bytes = Buffer.concat(this.got);
    const found: Buffer[] = [];
    for (let at = 0; at + 2 <= bytes.length; ) {
      const end = at + 2 + bytes.readUInt16BE(at);
      if (end > bytes.length) break;
      found.push(bytes.subarray(at + 2, end));
      at = end;
    }
    return found;
  }

  async until(condition: () => boolean, what: string, timeout = 8000): Promise<void> {
    const deadline = Date.now() + timeout;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}`);
      const news = new Promise<void>((resolve) => this.#wake.push(resolve));
      await Promise.race([news, Bun.sleep(50)]);
    }
  }

  /** The answer with this id, which nothing had before. */
  async answer(id: number, timeout?: number): Promise<DecodedPacket> {
    const find = () => this.messages().find((message) => message.readUInt16BE(0) === id);
    await this.until(() => find() !== undefined, `an answer with id ${id}`, timeout);
    return decode(find() ?? Buffer.alloc(0));
  }
}

/** Throws unless the name server is what it was: db is 10.9.0.4. Asks again each second, as clients do. */
export async function works(mouth: Mouth): Promise<void> {
  for (let id = 40_000; id < 40_005; id++) {
    mouth.got.length = 0;
    mouth.send(queryFor('db', 'A', id));
    const answer = await mouth.answer(id, 1000).catch(() => null);
    if (answer && dataOf(answer).join() === '10.9.0.4') return;
  }
  throw new Error('the name server no longer works');
}

/** A container, and a process in its network namespace that does the asking. */
export class Asking implements AsyncDisposable {
  readonly #mouths: Mouth[] = [];
  readonly #open = new Set<number>();
  #nextId = 1;
  readonly #client;

  constructor(
    readonly launched: Launched,
    readonly pid: number,
  ) {
    this.#client = Bun.spawn([...this.prefix, process.execPath, `${import.meta.dir}/names-client.ts`], {
      ipc: (report: Report) => {
        if (report.says === 'open') this.#open.add(report.socket);
        this.#mouths[report.socket]?.heard(report);
      },
      stdout: 'inherit',
      stderr: 'inherit',
    });
  }

  /** Runs a command in the container's network. */
  get prefix(): string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`];
  }

  async mouth(kind: 'udp' | 'tcp'): Promise<Mouth> {
    const socket = this.#mouths.length;
    const mouth = new Mouth(kind, (order, more) => this.#tell({ do: order, socket, ...more } as Order));
    this.#mouths.push(mouth);
    this.#tell({ do: kind, socket });
    await mouth.until(() => this.#open.has(socket), 'an open socket');
    return mouth;
  }

  #tell(order: Order): void {
    this.#client.send(order);
  }

  /** One query on a socket of its own. */
  async ask(name: string, type = 'A', kind: 'udp' | 'tcp' = 'udp', timeout?: number): Promise<DecodedPacket> {
    const mouth = await this.mouth(kind);
    const id = this.#nextId++;
    mouth.send(queryFor(name, type, id));
    const answer = await mouth.answer(id, timeout);
    if (kind === 'tcp') mouth.end();
    return answer;
  }

  dig(...argv: string[]): Promise<Result> {
    return command([...this.prefix, 'dig', '@127.0.0.11', ...argv]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.kill('SIGKILL');
    await this.#client.exited;
  }
}

/** With loopback up, as runtime/plan makes it. */
export function networked(argv: string[]): Operation[] {
  return operations(argv).flatMap((operation): Operation[] =>
    operation.op === 'clone'
      ? [
          { ...operation, flags: operation.flags | CLONE.NEWNET },
          { op: 'link', side: 'inside', name: 'lo', up: true, mtu: 0, rename: '' },
        ]
      : [operation],
  );
}

export class NamesRig extends Rig {
  readonly path = `${this.dir}/names.sock`;
  readonly #asking: Asking[] = [];

  async container(overrides: Partial<Launch> = {}, argv = ['sleep', '120']): Promise<Asking> {
    const launched = await this.start(networked(argv), { namesPath: this.path, ...overrides });
    const asking = new Asking(launched, (await launched.until('started')).pid);
    this.#asking.push(asking);
    return asking;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const asking of this.#asking) await asking[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}
