/** `--cache-from` and `--cache-to`: images whose steps may be used, and whether this one can be such an image. */
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { csvFields, parseAttributes } from './attributes.ts';

export interface CacheOptions {
  from: string[];
  inline: boolean;
  /** Names that the image is pushed under, for others to build from. */
  exports: string[];
}

export function cacheOptions(flags: FlagValues): CacheOptions {
  const targets = flags.list('cache-to');
  return {
    from: flags.list('cache-from').flatMap(source),
    inline: targets.length > 0,
    exports: targets.flatMap(target),
  };
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

/** What an image tells of its steps is its cache: one in a registry is the image, under a name for that. */
function target(text: string): string[] {
  const { type, attributes } = typeOf(text, 'cache-to');
  if (type === 'inline') return [];
  const ref = attributes.get('ref') ?? (text.includes('=') ? '' : text);
  if (type !== 'registry')
    throw new ExitError(
      `--cache-to ${text}: a cache goes into the image (type=inline) or to a registry (type=registry)`,
    );
  if (ref === '') throw new ExitError(`--cache-to ${text}: ref is missing`);
  if (attributes.get('mode') === 'max')
    throw new ExitError(
      `--cache-to ${text}: only the steps of the image itself can be kept there (mode=min)`,
    );
  return [ref];
}

function typeOf(text: string, option: string) {
  const fields = csvFields(text, option);
  const attributes = parseAttributes(fields[0]?.includes('=') ? fields : [], option);
  return { type: attributes.get('type') ?? 'registry', attributes };
}
