/** Files of this machine as a tar, as `docker cp` sends them: owners by number, whole seconds, hard links, no sockets. */
import { lstatSync, readdirSync } from 'node:fs';
import { TarWriter } from './tar-writer.ts';

const slash = Buffer.from('/');

/** Each chunk is valid until the next is asked for. */
export async function* pack(path: string, name: string): AsyncGenerator<Uint8Array> {
  const writer = new TarWriter(null);
  yield* member(writer, Buffer.from(path), Buffer.from(name).toString('latin1'));
  yield* writer.end();
}

/** `name` is what `path` is called in the archive. */
function* member(writer: TarWriter, path: Buffer, name: string): Generator<Uint8Array> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isDirectory()) return yield* writer.leaf(path, name, status);
  yield* writer.directory(name, status);
  const names = readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
  for (const entry of names)
    yield* member(writer, Buffer.concat([path, slash, entry]), `${name}/${entry.toString('latin1')}`);
}
