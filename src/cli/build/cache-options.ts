/** `--cache-from` and `--cache-to`: images whose steps may be used, and whether this one can be such an image. */
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { csvFields, parseAttributes } from './attributes.ts';

export interface CacheOptions {
  from: string[];
  inline: boolean;
}

export function cacheOptions(flags: FlagValues): CacheOptions {
  for (const text of flags.list('cache-to'))
    if (typeOf(text, 'cache-to').type !== 'inline')
      throw new ExitError(
        `--cache-to ${text}: this version keeps its cache with the daemon, and can put it into the image (type=inline)`,
      );
  return { from: flags.list('cache-from').flatMap(source), inline: flags.list('cache-to').length > 0 };
}

/** A name, several, or `type=registry,ref=NAME`. */
function source(text: string): string[] {
  if (!text.includes('=')) return csvFields(text, 'cache-from');
  const { type, attributes } = typeOf(text, 'cache-from');
  const ref = attributes.get('ref') ?? '';
  if (type !== 'registry')
    throw new ExitError(`--cache-from ${text}: only images can be cache sources (type=registry)`);
  if (ref === '') throw new ExitError(`--cache-from ${text}: ref is missing`);
  return [ref];
}

function typeOf(text: string, option: string) {
  const fields = csvFields(text, option);
  const attributes = parseAttributes(fields[0]?.includes('=') ? fields : [], option);
  return { type: attributes.get('type') ?? 'registry', attributes };
}
