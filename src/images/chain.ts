import { digestOf } from '../lib/ids.ts';

/** ChainIDs of a list of DiffIDs (image-spec config.md, "Layer ChainID"): each names a layer together with all below it. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
