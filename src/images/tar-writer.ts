import { type Pack, pack } from 'tar-stream';

/** A member of an archive that we write: same input, same bytes (no times, no owners but root). */
export interface TarMember {
  name: string;
  size: number;
  mode: number;
  content: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export function bytesMember(name: string, bytes: Uint8Array, mode = 0o644): TarMember {
  return { name, size: bytes.byteLength, mode, content: () => [bytes] };
}

/** Writes members one after the other, no faster than they are read. Names with a slash at the end are directories. */
export async function* writeTar(members: Iterable<TarMember>): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const writing = writeMembers(tar, members).catch((error: unknown) =>
    tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    for await (const chunk of tar) yield chunk as Uint8Array;
    await writing;
  } finally {
    tar.destroy(new Error(notRead));
  }
}

const notRead = 'the archive is not read any more';

async function writeMembers(tar: Pack, members: Iterable<TarMember>): Promise<void> {
  for (const member of members) {
    const directory = member.name.endsWith('/');
    const header = { name: member.name, mode: member.mode, mtime: new Date(0), uid: 0, gid: 0 };
    const entry = tar.entry({ ...header, size: member.size, type: directory ? 'directory' : 'file' });
    if (directory) continue;
    // Destroying the archive is an error of its entry too, and the daemon would end with one that nobody listens to.
    entry.on('error', () => undefined);
    for await (const chunk of member.content()) {
      // What is destroyed already will not say that it closes: the content would stay open until the collector finds it.
      if (entry.destroying) throw new Error(notRead);
      if (!entry.write(chunk)) await drained(entry);
    }
    entry.end(null);
  }
  tar.finalize();
}

/** Resolves when `stream` takes more; rejects when it is closed instead (the reader went away). */
function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error(notRead));
    stream.once('close', closed);
    stream.once('drain', () => {
      stream.off('close', closed);
      resolve();
    });
  });
}

/** A web stream of an iterator's chunks; cancelling it ends the iterator. */
export function toStream(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
