/** SSH agents that clients lend to their builds: connections that wait until a process of the build asks for one. */
import type { Duplex } from 'node:stream';

/** How long a process waits for its client, in milliseconds. */
const patience = 10_000;
/** Connections of one session that wait at a time; what is more is closed. */
const limit = 16;

interface Session {
  waiting: Duplex[];
  /** Who wants the next one. */
  wanted: ((connection: Duplex | null) => void)[];
}

/** What one build sees of them. */
export interface Agents {
  has(id: string): boolean;
  /** null: the client gives none. The caller closes it. */
  borrow(id: string, signal: AbortSignal): Promise<Duplex | null>;
}

function gone(this: Duplex): void {
  this.destroy();
}

export class LentAgents {
  readonly #sessions = new Map<string, Session>();

  /** The connection is idle until the first line on it says which agent is meant. */
  lend(name: string, connection: Duplex): void {
    const session = this.#session(name);
    if (session.waiting.length >= limit) {
      connection.destroy();
      return;
    }
    const left = () => {
      session.waiting = session.waiting.filter((other) => other !== connection);
      this.#tidy(name, session);
    };
    connection.once('close', left);
    // Only a stream that is read tells that its client has gone, and of one that may be half open only its end does.
    connection.once('end', gone);
    connection.resume();
    const next = session.wanted.shift();
    if (next === undefined) session.waiting.push(connection);
    else next(connection);
  }

  /** `ids`: those that the client said it has. */
  of(name: string, ids: ReadonlySet<string>): Agents {
    return {
      has: (id) => ids.has(id),
      borrow: async (id, signal) => {
        const connection = await this.#take(name, signal);
        connection?.pause();
        connection?.off('end', gone);
        connection?.write(`${id}\n`);
        return connection;
      },
    };
  }

  /** Of a build that is over. */
  end(name: string): void {
    const session = this.#sessions.get(name);
    this.#sessions.delete(name);
    for (const connection of session?.waiting ?? []) connection.destroy();
    for (const give of session?.wanted ?? []) give(null);
  }

  #session(name: string): Session {
    const session = this.#sessions.get(name) ?? { waiting: [], wanted: [] };
    this.#sessions.set(name, session);
    return session;
  }

  #take(name: string, signal: AbortSignal): Promise<Duplex | null> {
    const session = this.#session(name);
    const ready = session.waiting.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    const { promise, resolve } = Promise.withResolvers<Duplex | null>();
    session.wanted.push(resolve);
    const giveUp = () => {
      session.wanted = session.wanted.filter((other) => other !== resolve);
      this.#tidy(name, session);
      resolve(null);
    };
    const timer = setTimeout(giveUp, patience);
    signal.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    });
  }

  #tidy(name: string, session: Session): void {
    if (session.waiting.length === 0 && session.wanted.length === 0 && this.#sessions.get(name) === session)
      this.#sessions.delete(name);
  }
}
