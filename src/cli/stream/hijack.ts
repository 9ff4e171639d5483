/** Moves bytes between the terminal (or pipes) and a hijacked connection. */
import type { Connection } from '../http/connection.ts';
import { writeErr, writeOut } from '../terminal/output.ts';
import { Demultiplexer } from './demultiplex.ts';
import { DetachFilter, parseDetachKeys } from './detach.ts';

export interface StreamOptions {
  stdin: boolean;
  /** Standard output or error is attached. */
  output: boolean;
  /** A terminal: raw bytes one way, detach keys the other. */
  tty: boolean;
  detachKeys: string;
}

export type StreamEnd = 'closed' | 'detached';

/** Resolves when the daemon has sent everything, or the user typed the detach keys. */
export async function streamHijacked(connection: Connection, options: StreamOptions): Promise<StreamEnd> {
  using _raw = options.stdin && options.tty ? await enterRawMode() : null;
  const output = copyOutput(connection, options.tty);
  if (!options.stdin) {
    await output;
    return 'closed';
  }
  const input = copyInput(connection, options);
  // Input that ends (or fails) leaves the output running; only detaching ends both.
  const detached = input.then((end) => (end === 'detached' ? end : new Promise<never>(() => undefined)));
  if (!options.output) {
    const end = await input;
    return end === 'detached' ? end : 'closed';
  }
  return await Promise.race([output.then(() => 'closed' as const), detached]);
}

async function enterRawMode(): Promise<Disposable | null> {
  const { isTerminal } = await import('../terminal/libc.ts');
  if (!isTerminal(0)) return null;
  const { rawMode } = await import('../terminal/tty.ts');
  return rawMode(0);
}

async function copyOutput(connection: Connection, raw: boolean): Promise<void> {
  const frames = new Demultiplexer((stream, data) => (stream === 'stdout' ? writeOut(data) : writeErr(data)));
  for (let chunk = await connection.incoming.read(); chunk; chunk = await connection.incoming.read()) {
    if (raw) writeOut(chunk);
    else frames.push(chunk);
  }
}

async function copyInput(connection: Connection, options: StreamOptions): Promise<StreamEnd> {
  const filter = options.tty ? new DetachFilter(parseDetachKeys(options.detachKeys)) : null;
  try {
    // Not `for await`: leaving that would wait for the next key.
    const reader = Bun.stdin.stream().getReader();
    for (let chunk = await reader.read(); chunk.value; chunk = await reader.read()) {
      const { data, detached } = filter?.push(chunk.value) ?? { data: chunk.value, detached: false };
      if (data.length > 0) await connection.write(data);
      if (detached) return 'detached';
    }
    connection.endWriting();
  } catch {
    // The container is gone or reads no more: its output tells the rest.
  }
  return 'closed';
}
