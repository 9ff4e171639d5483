/** `--cache-from`: what images tell of steps is taken over. */

import { isKind, messageOf } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { suffixedName } from '../../lib/reference.ts';
import { hostPlatform } from '../../oci/platform.ts';
import type { BuildParts } from '../parts.ts';
import type { Reporter } from '../report.ts';
import { type Bases, isId } from '../solve/bases.ts';
import { importCache, moreOf } from './told.ts';

/** An image that cannot be had is no reason to build nothing. */
export async function importCaches(
  parts: Pick<BuildParts, 'images' | 'cache'>,
  names: readonly string[],
  bases: Bases,
  reporter: Reporter,
  op: Operational,
): Promise<void> {
  for (const name of names)
    try {
      for (const more of await importOne(parts, name, bases)) await importOne(parts, more, bases);
    } catch (error) {
      op.signal.throwIfAborted();
      const bytes = Buffer.from(`cache of ${name}: ${messageOf(error)}\n`);
      await reporter.around(`[internal] import cache of ${name}`, async (step) =>
        step.output('stderr', bytes),
      );
    }
}

/** Names of the images that tell of the rest. */
async function importOne(
  { images, cache }: Pick<BuildParts, 'images' | 'cache'>,
  name: string,
  bases: Bases,
): Promise<string[]> {
  const isNew = !(await isHere(images, name));
  const { parts } = await bases.load(name, hostPlatform());
  importCache(parts, cache);
  // The cache holds the layers now. Somebody else may use the image: then it stays.
  if (isNew) await images.remove(name, { force: false, noPrune: false }).catch(() => undefined);
  bases.forget(name, hostPlatform());
  return isId(name) ? [] : moreOf(parts.config).map((suffix) => suffixedName(name, suffix));
}

async function isHere(images: Pick<BuildParts['images'], 'get'>, name: string): Promise<boolean> {
  try {
    await images.get(name);
    return true;
  } catch (error) {
    if (isKind(error, 'notFound')) return false;
    throw error;
  }
}
