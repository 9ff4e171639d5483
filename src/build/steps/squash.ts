/** `--squash`: all layers of the build become one. */
import type { Layer } from '../../images/model.ts';
import type { Operational } from '../../lib/op.ts';
import { start } from '../files/tree.ts';
import type { BuildParts } from '../parts.ts';
import { chainOf, type StageState } from '../stage/state.ts';
import { treeOf } from './write-layer.ts';

export async function squash(
  parts: BuildParts,
  state: StageState,
  newest: number | null,
  op: Operational,
): Promise<StageState> {
  const below = state.layers.slice(0, state.base.layers);
  if (state.layers.length - below.length < 2) return state;
  const layer = await parts.layering.add(
    chainOf({ layers: below }),
    difference(parts, state, below, newest, op),
    op,
  );
  return merged(state, below, layer);
}

/** What the build has made of its base, as one layer tar. */
async function* difference(
  parts: BuildParts,
  state: StageState,
  below: readonly Layer[],
  newest: number | null,
  { signal }: Operational,
): AsyncGenerator<Uint8Array> {
  const target = treeOf(parts, chainOf(state));
  if (target === null) return;
  const source = treeOf(parts, chainOf({ layers: below }));
  const args = newest === null ? [] : ['--newest', String(newest)];
  await using started = start('tar', source === null ? { target } : { target, source }, args, signal);
  const fed = started.feed([]);
  // What goes wrong with the output is told first.
  fed.catch(() => undefined);
  yield* started.program.output();
  await fed;
}

/** Docker's history: the steps are told of, without layers, and then their sum. */
function merged(state: StageState, below: readonly Layer[], layer: Layer | null): StageState {
  const { config, base, time } = state;
  const { rootfs, history = [] } = config;
  const steps = history.slice(base.history).map((entry) => ({ ...entry, empty_layer: true }));
  const sum =
    layer === null
      ? []
      : [{ created: time, comment: `merge of ${state.layers.length - below.length} layers` }];
  return {
    ...state,
    layers: layer === null ? below : [...below, layer],
    config: {
      ...config,
      rootfs: {
        ...rootfs,
        diff_ids: [...below, ...(layer === null ? [] : [layer])].map(({ diffId }) => diffId),
      },
      history: [...history.slice(0, base.history), ...steps, ...sum],
    },
  };
}
