/**
 * Images mounted into containers (`--mount type=image`). Each such mount has a snapshot of its own, named after the container, so that
 * the image's layers stay for as long as the container exists. It gets mounted in the container's mount namespace at each start, and is
 * bound read-only from there.
 */
import { unsupported } from '../lib/errors.ts';
import type { ContainerId } from '../lib/ids.ts';
import type { RootView } from '../runtime/model.ts';
import type { Context } from './context.ts';
import type { Container, MountPoint } from './model.ts';
import type { PlannedMount } from './mounts.ts';

const snapshotName = /^([0-9a-f]{64})(\.\d+)?$/;

/** Whose writable snapshot it is, by its name: the container's own or that of one of its images. null: none of a container. */
export const containerOfSnapshot = (key: string): string | null => snapshotName.exec(key)?.[1] ?? null;

type Maker = Pick<Context, 'images' | 'snapshotter'>;

/** `index`: of the mount among those of the container. */
export async function makeView(
  context: Maker,
  container: ContainerId,
  index: number,
  mount: PlannedMount,
): Promise<Pick<MountPoint, 'source' | 'image'>> {
  const { snapshotter } = context;
  const { id, parent } = await imageOf(context, mount);
  const snapshot = `${container}.${index}`;
  await snapshotter.prepare(snapshot, parent);
  if (snapshotter.mounts(snapshot).kind === 'fuse') {
    await snapshotter.remove(snapshot);
    throw unsupported(
      `image mounts are not possible with storage driver ${snapshotter.driver}: a container has one server, that of its root`,
    );
  }
  return { source: snapshotter.pathOf(snapshot), image: { id, snapshot } };
}

/** What is mounted already stays what it is, whatever has become of the image's name. */
async function imageOf({ images, snapshotter }: Maker, { name, image }: PlannedMount) {
  if (image !== undefined) {
    const other = snapshotter.list().find(({ key }) => key === image.snapshot);
    return { id: image.id, parent: other?.parent ?? null };
  }
  const { id, chainIds } = await images.get(name);
  return { id, parent: chainIds.at(-1) ?? null };
}

/** `viewsOf` a container that is not made. */
export async function plannedViews(
  context: Maker & Pick<Context, 'paths'>,
  container: ContainerId,
  mounts: readonly PlannedMount[],
): Promise<RootView[]> {
  const views: RootView[] = [];
  for (const [index, mount] of mounts.entries()) {
    if (mount.type !== 'image') continue;
    const { parent } = await imageOf(context, mount);
    const path = viewPath(context, container, index);
    if (parent !== null) views.push({ root: context.snapshotter.mounts(parent), path });
  }
  return views;
}

export async function removeViews(
  { snapshotter }: Pick<Context, 'snapshotter'>,
  mounts: readonly MountPoint[],
): Promise<void> {
  for (const { image } of mounts) if (image !== undefined) await snapshotter.remove(image.snapshot);
}

const viewPath = ({ paths }: Pick<Context, 'paths'>, id: ContainerId, index: number) =>
  `${paths.of(id).run}/image-${index}`;

/** What has to be mounted, and where, before the container's mounts are made. The directories must exist. */
export function viewsOf(
  context: Pick<Context, 'paths' | 'snapshotter'>,
  { id, mounts }: Pick<Container, 'id' | 'mounts'>,
): RootView[] {
  return mounts.flatMap(({ image }, index) =>
    image ? [{ root: context.snapshotter.mounts(image.snapshot), path: viewPath(context, id, index) }] : [],
  );
}

/** The container with its images where `viewsOf` mounts them. */
export function withViewPaths(context: Pick<Context, 'paths'>, container: Container): Container {
  const mounts = container.mounts.map((mount, index) =>
    mount.type === 'image' ? { ...mount, source: viewPath(context, container.id, index) } : mount,
  );
  return { ...container, mounts };
}
