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
      this.#session ??= await this.#begin();
      const before = this.#session.offset;
      try {
        await this.#send(this.#session);
        return;
      } catch (error) {
        await attempts.next(error, isLost(error));
      }
      if (await this.options.arrived()) return;
      await this.#resume();
      if ((this.#session?.offset ?? 0) - before >= progressed) attempts.reset();
    }
  }

  async #send(begun: Session): Promise<void> {
    const { size, digest } = this.options.source;
    let session = begun;
    if (size > small || session.offset > 0)
      while (session.offset < size) {
        session = await this.#patch(session);
        this.#session = session;
      }
    await commit(this.context, session, digest, this.#rest(session.offset));
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

/** The registry has forgotten the upload, or has more or less of it than we think. */
function isLost(error: unknown): boolean {
  const status = refusalOf(error)?.status;
  return status === 404 || status === 416;
}
