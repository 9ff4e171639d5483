/** The image of a finished stage. */
import type { Digest } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import { type Passed, withCache } from '../cache/told.ts';
import type { BuildRequest } from '../model.ts';
import type { BuildParts } from '../parts.ts';
import { runConfigOf, type StageState, withRunConfig } from '../stage/state.ts';

export async function finishImage(
  { layering }: Pick<BuildParts, 'layering'>,
  state: StageState,
  {
    request,
    names,
    passed,
  }: {
    request: Pick<BuildRequest, 'labels' | 'inlineCache'>;
    names: readonly string[];
    passed: readonly Passed[];
  },
  op: Operational,
): Promise<Digest> {
  const labeled =
    Object.keys(request.labels).length === 0
      ? state
      : withRunConfig(state, { Labels: { ...runConfigOf(state).Labels, ...request.labels } });
  const plain = { ...labeled.config, created: state.time };
  const config = request.inlineCache ? withCache(plain, labeled.layers, passed) : plain;
  return layering.make({ config, layers: labeled.layers, names, parent: null }, op);
}
