import type { Digest } from '../../lib/ids.ts';
import type { GcPolicy, KeepRule } from '../model.ts';

/** An image as far as the collection of images is concerned. */
export interface Candidate {
  id: Digest;
  /** Familiar names, tags first. */
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  added: number;
  lastUsed: number;
  pinned: boolean;
  /** A container or another image is made of it. */
  needed: boolean;
  /** Blobs and layers by key, with their bytes on disk. Images share them. */
  parts: ReadonlyMap<string, number>;
}

export interface Choice {
  id: Digest;
  /** What goes when this image goes after those before it. */
  bytes: number;
}

/**
 * The images to remove until `need` bytes are free, least recently used first; all that may be removed when that is not
 * enough. One that frees nothing by itself goes too: those that share everything only free it together.
 */
export function chooseImages(
  images: readonly Candidate[],
  policy: Pick<GcPolicy, 'minAge' | 'keep'>,
  need: number,
  now: number,
): Choice[] {
  const holders = new Map<string, number>();
  for (const { parts } of images)
    for (const key of parts.keys()) holders.set(key, (holders.get(key) ?? 0) + 1);
  const order = images
    .filter((image) => isRemovable(image, policy, now))
    .sort((a, b) => a.lastUsed - b.lastUsed || a.added - b.added || (a.id < b.id ? -1 : 1));
  const choices: Choice[] = [];
  let freed = 0;
  for (const { id, parts } of order) {
    if (freed >= need) break;
    const bytes = [...parts].reduce((sum, [key, size]) => (holders.get(key) === 1 ? sum + size : sum), 0);
    for (const key of parts.keys()) holders.set(key, (holders.get(key) ?? 1) - 1);
    freed += bytes;
    choices.push({ id, bytes });
  }
  return choices;
}

function isRemovable(
  image: Candidate,
  { minAge, keep }: Pick<GcPolicy, 'minAge' | 'keep'>,
  now: number,
): boolean {
  if (image.needed || image.pinned || now - image.added < minAge) return false;
  return !keep.some((rule) => matches(image, rule));
}

function matches({ labels, names }: Candidate, rule: KeepRule): boolean {
  if (rule.kind === 'label') {
    const [key = '', ...value] = rule.label.split('=');
    return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='));
  }
  const glob = new Bun.Glob(rule.pattern);
  return names.some((name) => glob.match(name) || glob.match(name.replace(/(?::[^:/]*|@.*)$/, '')));
}
