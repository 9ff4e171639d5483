/** POST /commit: what a container changed becomes an image. */
import { conflict } from '../lib/errors.ts';
import type { ContainerId, Digest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import { type Context, emitContainer } from './context.ts';
import { committedConfig } from './image-config.ts';
import type { CommitRequest } from './model.ts';
import { pauseBriefly } from './pause.ts';
import { ownMountPoints } from './spec-mounts.ts';

export async function commit(
  context: Context,
  ref: string,
  request: CommitRequest,
  op: Operational,
): Promise<Digest> {
  const container = context.store.find(ref);
  const { id, config } = container;
  assertCommittable(context, id);
  const { author, comment } = request;
  const committed = await context.images.commit(
    {
      parent: container.imageId,
      layer: changesOf(context, id, request.pause, op.signal),
      config: committedConfig(config, request.config, request.changes),
      name: request.name,
      author,
      comment,
      createdBy: config.cmd?.join(' ') ?? '',
    },
    op,
  );
  emitContainer(context, container, 'commit', { comment, imageID: committed.id, imageRef: committed.name });
  return committed.id;
}

/** Paused only while its files are read, not until the image is made. */
async function* changesOf(
  context: Context,
  id: ContainerId,
  pause: boolean,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  await using _paused = pause ? await pauseBriefly(context, id) : null;
  yield* context.snapshotter.diff(id, { signal, mountPoints: ownMountPoints });
  // Removed under our eyes, its files would only look deleted.
  assertCommittable(context, id);
}

function assertCommittable(context: Context, id: ContainerId): void {
  const refuse = (why: string) => conflict(`You cannot commit container ${id} which is ${why}`);
  if (!context.store.has(id)) throw refuse('being removed');
  const { state } = context.store.byId(id);
  if (state.status === 'dead') throw refuse('Dead');
  if (state.status === 'removing' || context.activities.of(id).removing) throw refuse('being removed');
}
