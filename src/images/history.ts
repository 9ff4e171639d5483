import { invalid } from '../lib/errors.ts';
import type { Digest } from '../lib/ids.ts';
import type { ImageConfig } from '../oci/image.ts';
import { timestamp } from './adopt.ts';
import type { HistoryEntry } from './model.ts';

/** `docker history`: newest first; sizes are the unpacked layers', which the config's entries consume in order. */
export function imageHistory(
  id: Digest,
  config: ImageConfig,
  layerSizes: readonly number[],
  tags: readonly string[],
): HistoryEntry[] {
  let layer = 0;
  const entries = (config.history ?? []).map((step): HistoryEntry => {
    let size = 0;
    if (step.empty_layer !== true) {
      if (layer >= layerSizes.length) throw invalid('too many non-empty layers in History section');
      size = layerSizes[layer] ?? 0;
      layer += 1;
    }
    return {
      id: null,
      created: timestamp(step.created),
      createdBy: step.created_by ?? '',
      size,
      comment: step.comment ?? '',
      tags: [],
    };
  });
  entries.reverse();
  const [top, ...rest] = entries;
  return top === undefined ? [] : [{ ...top, id, tags: [...tags] }, ...rest];
}
