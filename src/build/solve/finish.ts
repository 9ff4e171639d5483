/** The image of a finished stage. */
import type { Digest } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import type { BuildRequest } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import { runConfigOf, type StageState, withRunConfig } from '../stage/state.ts';

export async function finishImage(
  { layering }: Pick<BuildParts, 'layering'>,
  state: StageState,
  { request, names }: { request: Pick<BuildRequest, 'labels' | 'epoch'>; names: readonly string[] },
  op: Operational,
): Promise<Digest> {
  const labeled =
    Object.keys(request.labels).length === 0
      ? state
      : withRunConfig(state, { Labels: { ...runConfigOf(state).Labels, ...request.labels } });
  const created = new Date(request.epoch === null ? Date.now() : request.epoch * 1000).toISOString();
  return layering.make(
    { config: { ...labeled.config, created }, layers: labeled.layers, names, parent: null },
    op,
  );
}
