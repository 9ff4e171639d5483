/** `--cache-from`: what images tell of steps is taken over. */

import { isKind, messageOf } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import { familiarName, parseReference } from '../../lib/reference.ts';
import { hostPlatform } from '../../oci/platform.ts';
import type { BuildParts } from '../parts.ts';
import type { Reporter } from '../report.ts';
import type { Bases } from '../solve/bases.ts';
import { importCache, moreOf } from './told.ts';

/**
 * An image that cannot be had is no reason to build nothing. One that was not here before goes again with the stack: the cache holds its
 * layers by then.
 */
export async function importCaches(
  parts: Pick<BuildParts, 'images' | 'cache'>,
  names: readonly string[],
  { bases, reporter, stack }: { bases: Bases; reporter: Reporter; stack: AsyncDisposableStack },
  op: Operational,
): Promise<void> {
  for (const name of names)
    try {
      for (const more of await importOne(parts, name, bases, stack))
        await importOne(parts, more, bases, stack);
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
  stack: AsyncDisposableStack,
): Promise<string[]> {
  const isNew = !(await isHere(images, name));
  const { parts } = await bases.load(name, hostPlatform());
  // Somebody may use it by then: it stays.
  const remove = () => images.remove(name, { force: false, noPrune: false }).catch(() => undefined);
  if (isNew) stack.defer(async () => void (await remove()));
  importCache(parts, cache);
  return isId(name) ? [] : moreOf(parts.config).map((suffix) => withSuffix(name, suffix));
}

const isId = (name: string): boolean => /^(sha256:)?[0-9a-f]{12,64}$/.test(name);

function withSuffix(name: string, suffix: string): string {
  const reference = parseReference(name);
  return familiarName({ ...reference, digest: null, tag: `${reference.tag ?? 'latest'}-${suffix}` });
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
