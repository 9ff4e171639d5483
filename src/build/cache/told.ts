/** What an image's steps were made of, told by the image itself (`--cache-to`), for a builder that has never seen them. */
import type { ImageParts, Layer } from '../../images/model.ts';
import type { ImageConfig } from '../../oci/image.ts';
import type { StepCache } from './store.ts';

/** Of the config; other engines leave them alone. */
const field = 'io.gantry.build.cache.v1';
/** Names of further images that tell of the same build: see `export.ts`. */
const moreField = 'io.gantry.build.cache.more.v1';

/** A step that a build has gone through. */
export interface Passed {
  key: string;
  title: string;
  /** What there was after it. */
  layers: readonly Layer[];
  made: boolean;
}

interface Entry {
  key: string;
  title: string;
  /** How many of the image's layers there are after the step. */
  depth: number;
  made: boolean;
}

/** `steps`: those of the whole build; the ones that the image stands on are told of. */
export function withCache(
  config: ImageConfig,
  layers: readonly Layer[],
  steps: readonly Passed[],
): ImageConfig {
  const entries = steps
    .filter((step) => isPrefix(step.layers, layers))
    .map(({ key, title, made, layers: { length: depth } }): Entry => ({ key, title, depth, made }));
  return Object.assign({}, config, { [field]: entries });
}

/** Whether these are the lowest of the others. */
export const isPrefix = (line: readonly Layer[], of: readonly Layer[]): boolean =>
  line.every(({ chainId }, index) => of[index]?.chainId === chainId);

export const withMore = (config: ImageConfig, more: readonly string[]): ImageConfig =>
  more.length === 0 ? config : Object.assign({}, config, { [moreField]: more });

export function moreOf(config: ImageConfig): string[] {
  const more: unknown = (config as unknown as Record<string, unknown>)[moreField];
  return Array.isArray(more) ? more.filter((name) => typeof name === 'string' && isSuffix.test(name)) : [];
}

/** What a tag may end with. */
const isSuffix = /^[0-9a-f]{12}$/;

/** Takes over what the image tells. Whoever names an image as a cache trusts it with this. */
export function importCache({ config, layers }: ImageParts, cache: StepCache): void {
  const entries: unknown = (config as unknown as Record<string, unknown>)[field];
  if (!Array.isArray(entries)) return;
  for (const entry of entries) {
    if (!isEntry(entry) || entry.depth > layers.length) continue;
    const below = layers.slice(0, entry.made ? entry.depth - 1 : entry.depth);
    const layer = entry.made ? (layers[entry.depth - 1] ?? null) : null;
    if (!cache.has(entry.key) && (layer !== null || !entry.made))
      cache.add(entry.key, entry.title, below, layer);
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { key, title, depth, made } = value as Partial<Record<keyof Entry, unknown>>;
  return (
    typeof key === 'string' &&
    /^sha256:[0-9a-f]{64}/.test(key) &&
    typeof title === 'string' &&
    typeof made === 'boolean' &&
    typeof depth === 'number' &&
    Number.isInteger(depth) &&
    depth >= (made ? 1 : 0)
  );
}
