import { internal } from '../../lib/errors.ts';
import { brokenError } from './connection-failure.ts';
import type { Body } from './exchange.ts';
import type { BlobSource } from './model.ts';
import { refusalOf } from './registry-failure.ts';
import { begin, cancel, commit, patch, type Session, status, type UploadContext } from './upload-session.ts';

/** Blobs up to this many bytes go with the last request; others before it, so that what arrived is not lost with the connection. */
const small = 1 << 20;
/** Bytes after which a new break is not the same trouble again. */
const progressed = 1 << 20;

export interface UploadOptions {
  source: BlobSource;
  /** Bytes sent so far. */
  progress: (sent: number) => void;
  /** Whether the registry has the blob by now. */
  arrived: () => Promise<boolean>;
}

/** One blob on its way to a registry, across broken connections. */
export class Upload implements AsyncDisposable {
  #session: Session | null;

  constructor(
    private readonly context: UploadContext,
    private readonly options: UploadOptions,
    session: Session | null,
  ) {
    this.#session = session;
  }

  async run(): Promise<void> {
    const attempts = this.context.host.attempts(this.context.signal);
    for (;;) {
      const before = this.#session?.offset ?? 0;
      try {
        await this.#send();
        return;
      } catch (error) {
        const lost = [404, 416].includes(refusalOf(error)?.status ?? 0);
        await attempts.next(error, lost && this.#session !== null);
      }
      if (await this.options.arrived()) return;
      await this.#resume();
      if ((this.#session?.offset ?? 0) - before >= progressed) attempts.reset();
    }
  }

  async #send(): Promise<void> {
    const { size, digest } = this.options.source;
    this.#session ??= await this.#begin();
    if (size > small || this.#session.offset > 0)
      while (this.#session.offset < size) this.#session = await this.#patch(this.#session);
    await commit(this.context, this.#session, digest, this.#rest(this.#session.offset));
    this.#session = null;
  }

  async #begin(): Promise<Session> {
    const session = await begin(this.context);
    if (session === null) throw internal('the registry finished an upload that was not sent');
    return session;
  }

  /** A registry may take less than it was sent, but not nothing for ever. */
  async #patch(session: Session): Promise<Session> {
    const next = await patch(this.context, session, this.#rest(session.offset));
    if (next.offset <= session.offset) throw brokenError({ method: 'PATCH', url: session.location });
    return next;
  }

  /** Where the registry does not know how far it got, the upload begins anew. */
  async #resume(): Promise<void> {
    if (this.#session === null) return;
    const known = await status(this.context, this.#session);
    const usable = known !== null && known.offset <= this.options.source.size;
    if (!usable) await cancel(this.context, this.#session);
    this.#session = usable ? known : null;
  }

  #rest(offset: number): Body {
    const { source, progress } = this.options;
    const { digest, size } = source;
    return {
      length: size - offset,
      async *open() {
        let sent = offset;
        if (sent < size)
          for await (const chunk of source.open(offset)) {
            sent += chunk.byteLength;
            if (sent > size) break;
            yield chunk;
            progress(sent);
          }
        if (sent !== size)
          throw internal(`the blob ${digest} does not have the ${size} bytes it should have`);
      },
    };
  }

  /** Leaves no half upload behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session !== null) await cancel(this.context, this.#session);
  }
}
