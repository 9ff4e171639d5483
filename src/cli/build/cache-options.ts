/** `--cache-from` and `--cache-to`: images whose steps may be used, and where what a build may tell of its steps goes. */
import { ExitError } from '../exit.ts';
import type { FlagValues } from '../flags/parse.ts';
import { booleanOf, csvFields, parseAttributes, refuseUnknown } from './attributes.ts';

export type CacheSource =
  /** An image by its name. */
  | { kind: 'image'; name: string }
  /** A directory that an earlier build has filled. */
  | { kind: 'local'; path: string };

/** `mayFail`: the build is a success all the same. */
export type CacheTarget = { mayFail: boolean } /** Pushed under this name. */ & (
  | { kind: 'registry'; ref: string }
  /** A directory, which becomes an OCI image layout. */
  | { kind: 'local'; path: string }
);

export interface CacheOptions {
  from: CacheSource[];
  /** The image tells of its own steps. */
  inline: boolean;
  to: CacheTarget[];
  /** Of all of `to`: as much as one of them wants. */
  mode: 'min' | 'max';
}

export function cacheOptions(flags: FlagValues): CacheOptions {
  const targets = flags.list('cache-to').map(target);
  return {
    from: flags.list('cache-from').flatMap(source),
    inline: targets.some(({ to }) => to === 'inline'),
    to: targets.flatMap(({ to }) => (to === 'inline' ? [] : to)),
    mode: targets.some(({ mode }) => mode === 'max') ? 'max' : 'min',
  };
}

/** A name, several, `type=registry,ref=NAME`, or `type=local,src=PATH`. */
function source(text: string): CacheSource[] {
  if (!text.includes('=')) return csvFields(text, 'cache-from').map((name) => ({ kind: 'image', name }));
  const { type, attributes } = typed(text, 'cache-from');
  if (type === 'registry')
    return [{ kind: 'image', name: needed(attributes, 'ref', `--cache-from ${text}`) }];
  if (type === 'local') return [{ kind: 'local', path: needed(attributes, 'src', `--cache-from ${text}`) }];
  throw new ExitError(
    `--cache-from ${text}: a cache comes from an image (type=registry) or a directory (type=local)`,
  );
}

function target(text: string): { to: CacheTarget | 'inline'; mode: 'min' | 'max' } {
  if (!text.includes('=')) return { to: { kind: 'registry', ref: text, mayFail: false }, mode: 'min' };
  const { type, attributes } = typed(text, 'cache-to');
  const where = `--cache-to ${text}`;
  const mayFail = booleanOf(attributes, 'ignore-error', false, 'cache-to');
  const mode = modeOf(attributes.get('mode') ?? 'min', where);
  if (type === 'inline') return { to: 'inline', mode: 'min' };
  if (type === 'registry')
    return { to: { kind: 'registry', ref: needed(attributes, 'ref', where), mayFail }, mode };
  if (type === 'local')
    return { to: { kind: 'local', path: needed(attributes, 'dest', where), mayFail }, mode };
  throw new ExitError(
    `${where}: a cache goes into the image (type=inline), to a registry (type=registry) or a directory (type=local)`,
  );
}

function modeOf(mode: string, where: string): 'min' | 'max' {
  if (mode !== 'min' && mode !== 'max') throw new ExitError(`${where}: mode is min or max`);
  return mode;
}

function needed(attributes: ReadonlyMap<string, string>, key: string, where: string): string {
  const value = attributes.get(key) ?? '';
  if (value === '') throw new ExitError(`${where}: ${key} is missing`);
  return value;
}

function typed(text: string, option: string) {
  const attributes = parseAttributes(csvFields(text, option), option);
  refuseUnknown(attributes, known[option] ?? [], option);
  return { type: attributes.get('type') ?? 'registry', attributes };
}

/** What says nothing but what our caches are anyway may be given too. */
const known: Record<string, readonly string[]> = {
  'cache-from': ['type', 'ref', 'src'],
  'cache-to': ['type', 'ref', 'dest', 'mode', 'ignore-error', 'oci-mediatypes', 'image-manifest'],
};
