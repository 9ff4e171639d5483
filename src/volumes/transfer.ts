/** Volumes copied, and as archives. */
import type { Operational } from '../lib/op.ts';
import { pack } from './archive/pack.ts';
import { unpack } from './archive/unpack.ts';
import type { VolumeContext } from './context.ts';
import { fillVolume, isOwn } from './fill.ts';
import { get, recorded } from './lookup.ts';
import type { Volume } from './model.ts';
import { mount, newUser, unmount, whileMounted } from './mounting.ts';

/** A copy has the labels of its source, and its size. */
export async function copy(context: VolumeContext, source: string, target: string): Promise<Volume> {
  await use(context, source);
  const volume = recorded(context, source);
  const options = isOwn(context, volume) ? volume.options : {};
  return whileMounted(context, source, (path) =>
    fillVolume(context, target, { labels: volume.labels, options }, { kind: 'copy', source: path }),
  );
}

/** A plugin's volume that was never used here gets its record. */
async function use(context: VolumeContext, name: string): Promise<void> {
  const volume = await get(context, name);
  if (context.store.find(name) === null) context.store.save(volume);
}

/** Mounted until the reader is done. Throws before the first byte when there is no such volume. */
export async function exportVolume(
  context: VolumeContext,
  name: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  await use(context, name);
  const user = newUser();
  const path = await mount(context, name, user);
  const bytes = async function* () {
    try {
      yield* pack(path, signal);
    } finally {
      await unmount(context, user);
    }
  };
  return stream(bytes());
}

/** As `ReadableStream.from`, but begun: a reader that cancels before it reads would leave the volume mounted. */
function stream(bytes: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  let first: Promise<IteratorResult<Uint8Array>> | null = bytes.next();
  first.catch(() => undefined);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = first ?? bytes.next();
      first = null;
      const { value, done } = await next;
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await bytes.return(undefined);
    },
  });
}

export function importVolume(
  context: VolumeContext,
  name: string,
  archive: AsyncIterable<Uint8Array>,
  op: Pick<Operational, 'signal'>,
): Promise<Volume> {
  const write = (directory: string) => unpack(archive, directory, op.signal);
  return fillVolume(context, name, { labels: {}, options: {} }, { kind: 'write', write });
}
