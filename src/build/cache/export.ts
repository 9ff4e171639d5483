/**
 * Images that are nothing but a cache (`--cache-to type=registry|local`): one for every line of layers that ends somewhere, each telling of
 * the steps that it was made by. The first tells of the others by what their tags end with.
 */
import type { Layer, Layering } from '../../images/model.ts';
import type { Digest } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import type { ImageConfig } from '../../oci/image.ts';
import type { CacheExport } from '../model.ts';
import { isPrefix, type Passed, withCache, withMore } from './told.ts';

export interface ExportedBuild {
  /** Of the image that the build ended in. */
  config: ImageConfig;
  layers: readonly Layer[];
  /** Of the whole build. */
  steps: readonly Passed[];
}

/** "min": of the steps that the image was made by; "max": of every step. The image that tells of the others is first. */
export async function exportCache(
  layering: Pick<Layering, 'make'>,
  mode: 'min' | 'max',
  { config, layers, steps }: ExportedBuild,
  op: Operational,
): Promise<CacheExport[]> {
  const lines =
    mode === 'min' ? [] : endsOf(steps.map((step) => step.layers)).filter((line) => !isPrefix(line, layers));
  const make = async (line: readonly Layer[], more: readonly string[]): Promise<CacheExport> => {
    const carried = withMore(withCache(carrier(config, line), line, steps), more);
    const image = await layering.make({ config: carried, layers: line, names: [], parent: null }, op);
    return { image, suffix: suffixOf(image) };
  };
  const others: CacheExport[] = [];
  for (const line of lines) others.push(await make(line, []));
  return [
    await make(
      layers,
      others.map(({ suffix }) => suffix),
    ),
    ...others,
  ];
}

/** Nothing of it is meant to be run. */
const carrier = (
  { architecture, os, variant, created }: ImageConfig,
  layers: readonly Layer[],
): ImageConfig => ({
  architecture,
  os,
  ...(variant !== undefined && { variant }),
  ...(created !== undefined && { created }),
  config: {},
  rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  history: layers.map(() => ({ created_by: 'build cache' })),
});

const suffixOf = (image: Digest): string => image.slice('sha256:'.length).slice(0, 12);

/** Those that are no beginning of another. */
function endsOf(lines: readonly (readonly Layer[])[]): (readonly Layer[])[] {
  const byEnd = new Map(lines.map((line) => [line.at(-1)?.chainId ?? '', line]));
  const all = [...byEnd.values()];
  return all.filter((line) => !all.some((other) => other !== line && isPrefix(line, other)));
}
