/** Agents of this machine for the processes of a build: a connection waits at the daemon, and whoever is asked for on it is connected. */
import { randomBytes } from 'node:crypto';
import type { BuildBody } from '../../../api/types/builds.ts';
import type { ByteQueue } from '../../http/bytes.ts';
import type { Client } from '../../http/client.ts';
import { Connection } from '../../http/connection.ts';
import { startKeyAgent } from './key-agent.ts';
import { mayAsk, messages, refused } from './messages.ts';
import type { LentAgent } from './options.ts';

/** `body`: what the daemon is told of them. */
export interface Lending extends AsyncDisposable {
  body: Pick<BuildBody, 'Agents' | 'Session'>;
}

/** Until it is disposed. */
export async function lendAgents(client: Client, agents: readonly LentAgent[]): Promise<Lending> {
  await using stack = new AsyncDisposableStack();
  const paths = new Map<string, string>();
  for (const { id, source } of agents)
    paths.set(id, source.kind === 'socket' ? source.path : stack.use(await startKeyAgent(source.paths)).path);
  const Session = randomBytes(16).toString('hex');
  const lender = stack.use(new Lender(client, Session, paths));
  if (paths.size > 0) void lender.wait();
  const kept = stack.move();
  const body = paths.size === 0 ? {} : { Session, Agents: [...paths.keys()] };
  return { body, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

class Lender implements Disposable {
  readonly #open = new Set<Connection>();
  #over = false;

  constructor(
    private readonly client: Client,
    private readonly session: string,
    private readonly paths: ReadonlyMap<string, string>,
  ) {}

  /** One connection waits at any time. A daemon that takes none is told of by the build itself. */
  async wait(): Promise<void> {
    try {
      while (!this.#over) {
        const { connection } = await this.client.hijack('/gantry/agents', {
          query: { session: this.session },
        });
        this.#open.add(connection);
        const id = await firstLine(connection.incoming);
        if (id === null) return connection[Symbol.dispose]();
        void this.#serve(connection, this.paths.get(id) ?? '');
      }
    } catch {
      // Then the process that asks for an agent gets none.
    }
  }

  /** An agent that cannot be reached is a connection that ends. */
  async #serve(connection: Connection, path: string): Promise<void> {
    try {
      using agent = await Connection.open({ kind: 'unix', path });
      await relay(connection, agent);
    } catch {
      // Likewise.
    } finally {
      this.#open.delete(connection);
      connection[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#over = true;
    for (const connection of this.#open) connection[Symbol.dispose]();
  }
}

/** One question after the other, each with its answer. */
async function relay(asker: Connection, agent: Connection): Promise<void> {
  const answers = messages(agent.incoming);
  for await (const question of messages(asker.incoming)) {
    if (mayAsk(question)) {
      await agent.write(question);
      const { value } = await answers.next();
      if (value === undefined) return;
      await asker.write(value);
    } else await asker.write(refused);
  }
}

/** null: there is none. */
async function firstLine(incoming: ByteQueue): Promise<string | null> {
  let bytes = Buffer.alloc(0);
  for (let chunk = await incoming.read(); chunk !== null; chunk = await incoming.read()) {
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\n');
    if (end < 0) continue;
    incoming.unread(bytes.subarray(end + 1));
    return bytes.toString('utf8', 0, end);
  }
  return null;
}
