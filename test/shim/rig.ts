/** A real shim around host programs: its own pid and mount namespace, no root file system, no network. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newContainerId } from '../../src/lib/ids.ts';
import type { Operation } from '../../src/linux/operations.ts';
import type { ShimStream } from '../../src/shim/client.ts';
import { launchShim, type RunningShim } from '../../src/shim/launch.ts';
import type { ShimEvent } from '../../src/shim/messages.ts';
import type { Launch } from '../../src/shim/protocol.ts';
import { readExitRecord } from '../../src/shim/records.ts';

const CLONE_NEWNS = 0x00020000;
const CLONE_NEWPID = 0x20000000;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Programs in a new pid and mount namespace with a /proc of their own. */
export function operations(argv: string[], options: { tty?: boolean; host?: boolean } = {}): Operation[] {
  const list: Operation[] = [
    { op: 'clone', side: 'host', flags: options.host ? 0 : CLONE_NEWNS | CLONE_NEWPID, cgroup: '' },
    { op: 'env', side: 'inside', values: [PATH, 'TERM=xterm'] },
  ];
  if (options.tty) list.push({ op: 'console', side: 'inside', rows: 24, columns: 80 });
  list.push({ op: 'exec', side: 'inside', argv });
  return list;
}

/** Programs in the namespaces of a container that `operations` made. */
export function execOperations(
  started: { pid: number; startTime: string },
  argv: string[],
  options: { tty?: boolean } = {},
): Operation[] {
  const list = operations(argv, { ...options, host: true });
  const { pid, startTime } = started;
  return [{ op: 'join', side: 'host', pid, startTime, flags: CLONE_NEWNS | CLONE_NEWPID }, ...list];
}

export const sh = (script: string): string[] => ['/bin/sh', '-c', script];

type EventOf<T extends ShimEvent['type']> = Extract<ShimEvent, { type: T }>;

/** One launched shim and everything it has said. */
export class Launched {
  readonly seen: ShimEvent[] = [];
  readonly gone: Promise<void>;
  #wake: (() => void)[] = [];

  constructor(
    readonly shim: RunningShim,
    readonly launch: Launch,
  ) {
    this.gone = this.#collect();
  }

  get client() {
    return this.shim.client;
  }

  async #collect(): Promise<void> {
    for await (const event of this.shim.events) {
      this.seen.push(event);
      this.#wakeAll();
    }
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** The first event of this type, past or future. */
  async until<T extends ShimEvent['type']>(
    type: T,
    matching: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    let ended = false;
    void this.gone.finally(() => {
      ended = true;
      this.#wakeAll();
    });
    for (;;) {
      for (const event of this.seen)
        if (event.type === type && matching(event as EventOf<T>)) return event as EventOf<T>;
      if (ended) throw new Error(`the shim left without ${type}: ${JSON.stringify(this.seen)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  log(): { log: string; stream: string; time: string }[] {
    const lines = readFileSync(this.launch.logPath, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }

  exitRecord() {
    return readExitRecord(this.launch.exitPath);
  }
}

export class Rig implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'gantry-shim-'));
  readonly #launched: Launched[] = [];
  #count = 0;

  async start(list: Operation[], overrides: Partial<Launch> = {}): Promise<Launched> {
    const base = join(this.dir, `c${this.#count++}`);
    const launch: Launch = {
      id: newContainerId(),
      socketPath: `${base}.sock`,
      statePath: `${base}.state`,
      exitPath: `${base}.exit`,
      logPath: `${base}.log`,
      logMaxSize: 0,
      logMaxFiles: 1,
      logExtra: '',
      tty: false,
      openStdin: false,
      stdinOnce: false,
      expectAttach: 0,
      memoryCgroup: '',
      cgroupVersion: 1,
      namesPath: '',
      ...overrides,
    };
    const launched = new Launched(await launchShim(launch, list), launch);
    this.#launched.push(launched);
    return launched;
  }

  /** Kills whatever still runs, waits for the shims and removes their files. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const launched of this.#launched) {
      await launched.client.signal('', 9).catch(() => {});
      await Promise.race([launched.gone, Bun.sleep(3000)]);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Everything a stream still sends. */
export async function readAll(stream: ShimStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.output) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Docker's frames, joined by type. */
export function demultiplex(bytes: Buffer): { stdout: string; stderr: string } {
  const parts: Record<number, Buffer[]> = { 1: [], 2: [] };
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at + 4);
    const list = parts[bytes.readUInt8(at)];
    if (!list || at + 8 + size > bytes.length) throw new Error(`a broken frame at ${at}`);
    list.push(bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  const join = (type: number) => Buffer.concat(parts[type] ?? []).toString();
  return { stdout: join(1), stderr: join(2) };
}

/** The sum of the payload of frames, without keeping them. */
export class FrameCounter {
  payload = 0;
  #header = Buffer.alloc(0);
  #left = 0;

  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, rest.length);
        this.payload += size;
        this.#left -= size;
        rest = rest.subarray(size);
        continue;
      }
      const missing = 8 - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(Math.min(missing, rest.length));
      if (this.#header.length < 8) return;
      this.#left = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
  }
}

/** Kilobytes of a process: `Pss`, `Rss`, … of smaps_rollup. */
export function memoryOf(pid: number, field = 'Pss'): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}
