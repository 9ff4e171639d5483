/** The daemon's end of the names of all containers: one unix socket to which each shim connects when its container asks. */
import { rmSync } from 'node:fs';
import type { Log } from '../../lib/op.ts';
import { Link } from './link.ts';
import type { Views } from './model.ts';
import { Responder } from './responder.ts';
import { Upstream } from './upstream.ts';

/** Beyond this many, containers that are gone are no longer remembered as outdated. */
const manyOutdated = 1024;

export interface DnsServerOptions {
  /** Of the unix socket. Whatever is there is a dead predecessor's. */
  path: string;
  /** Shims of containers that it does not know (yet) are sent away, and come again: to them the daemon is still away. */
  views: Views;
  log: Log;
}

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #links = new Set<Link>();
  /** Containers whose shims are to forget what they kept, and have not connected since. */
  readonly #outdated = new Set<string>();
  readonly #responder = new Responder(new Upstream());
  #listener: Bun.UnixSocketListener<Link> | null = null;

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    rmSync(this.#options.path, { force: true });
    const mask = process.umask(0o177);
    try {
      this.#listener = this.#listen();
      this.#listener.unref();
    } finally {
      process.umask(mask);
    }
  }

  async close(): Promise<void> {
    this.#listener?.stop(true);
    this.#listener = null;
    rmSync(this.#options.path, { force: true });
  }

  #listen(): Bun.UnixSocketListener<Link> {
    return Bun.listen<Link>({
      unix: this.#options.path,
      socket: {
        open: (socket) => {
          socket.unref();
          socket.data = this.#newLink(socket);
        },
        data: ({ data: link }, chunk) => link.received(chunk),
        drain: ({ data: link }) => link.drained(),
        close: ({ data: link }) => {
          link.closed();
          this.#links.delete(link);
        },
        error: (socket) => socket.terminate(),
      },
    });
  }

  #newLink(socket: Bun.Socket<Link>): Link {
    const link = new Link(socket, this.#responder, this.#options.views, this.#options.log);
    this.#links.add(link);
    link.onIntroduced = () => {
      if (this.#outdated.delete(link.containerId)) link.forget();
    };
    return link;
  }

  /** What these containers may see has changed: answers that their shims have kept for when we are away are no longer true. */
  forget(containerIds: ReadonlySet<string>): void {
    const absent = new Set(containerIds);
    for (const link of this.#links) {
      if (!containerIds.has(link.containerId)) continue;
      link.forget();
      absent.delete(link.containerId);
    }
    for (const id of absent) this.#outdated.add(id);
    if (this.#outdated.size <= manyOutdated) return;
    for (const id of this.#outdated) if (this.#options.views(id) === null) this.#outdated.delete(id);
  }
}
