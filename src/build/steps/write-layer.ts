/** A layer of what is written to a snapshot that nothing runs on. */
import { randomBytes } from 'node:crypto';
import type { Layer } from '../../images/model.ts';
import type { Operational } from '../../lib/op.ts';
import type { SourceTree } from '../files/tree.ts';
import type { BuildParts } from '../parts.ts';

/** Of snapshots that exist while a step is written. */
export const snapshotPrefix = 'build-';

/** `newest`: see DiffOptions. null: nothing was changed. */
export async function writeLayer(
  { snapshotter, layering }: Pick<BuildParts, 'snapshotter' | 'layering'>,
  chain: string | null,
  write: (tree: SourceTree) => Promise<void>,
  newest: number | null,
  op: Operational,
): Promise<Layer | null> {
  const key = `${snapshotPrefix}${randomBytes(16).toString('hex')}`;
  await snapshotter.prepare(key, chain);
  try {
    await write({ kind: 'snapshot', mounts: snapshotter.mounts(key) });
    const changes = snapshotter.diff(key, {
      signal: op.signal,
      mountPoints: [],
      ...(newest !== null && { newest }),
    });
    return await layering.add(chain, changes, op);
  } finally {
    await snapshotter.remove(key);
  }
}

/** The files of a finished layer and those below it; null: there are none. */
export const treeOf = (
  { snapshotter }: Pick<BuildParts, 'snapshotter'>,
  chain: string | null,
): SourceTree | null => (chain === null ? null : { kind: 'snapshot', mounts: snapshotter.mounts(chain) });
