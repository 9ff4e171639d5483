import { invalid, notFound } from '../lib/errors.ts';
import type { Digest } from '../lib/ids.ts';
import { familiarName, type ImageName, parseReference, repository, withTag } from '../lib/reference.ts';
import type { Located, Reference } from './names.ts';
import type { ImageRecords } from './records.ts';
import { parseAnyReference } from './references.ts';

/** The stored reference that a name means: its digest when it has one (the tag beside it is only a remark), else its tag. */
export function storedReference(name: ImageName): Reference {
  const full = withTag(name);
  if (full.digest !== null) return { kind: 'digest', repository: repository(full), digest: full.digest };
  return { kind: 'tag', repository: repository(full), tag: full.tag ?? 'latest' };
}

/** The tag that a new image gets: what the user typed, `:latest` when it has no tag. */
export function newTag(text: string): Reference {
  const name = withTag(parseReference(text));
  if (name.tag === null) throw invalid('cannot import digest reference');
  return { kind: 'tag', repository: repository(name), tag: name.tag };
}

/**
 * What a command's argument names: full id, name, or unambiguous beginning of an id, in this order. Throws notFound
 * "No such image: busybox:latest".
 */
export function locateImage(records: ImageRecords, ref: string): Located {
  const parsed = parseAnyReference(ref);
  if (parsed.kind === 'id') return newest(records, parsed.digest) ?? missing(ref);
  const prefixed = () => {
    const id = findByPrefix(records, ref);
    return id === null ? null : newest(records, id);
  };
  return (
    records.names.find(storedReference(parsed.name)) ??
    findByDigest(records, parsed.name) ??
    prefixed() ??
    missing(familiarName(withTag(parsed.name)))
  );
}

export function findImage(records: ImageRecords, ref: string): Digest {
  return locateImage(records, ref).image;
}

function missing(name: string): never {
  throw notFound(`No such image: ${name}`);
}

/** An id alone means the target that came last. */
function newest(records: ImageRecords, image: Digest): Located | null {
  const [target] = records.targets.of(image);
  return target === undefined ? null : { image, target: target.target };
}

/** `name@digest` also finds an image of that name whose id or manifest has the digest (as loaded, never pulled). */
function findByDigest({ names }: ImageRecords, name: ImageName): Located | null {
  const { digest } = name;
  if (digest === null) return null;
  const match = names
    .tagsOf(repository(name))
    .find(({ image, target }) => image === digest || target === digest);
  return match === undefined ? null : { image: match.image, target: match.target };
}

function findByPrefix(records: ImageRecords, ref: string): Digest | null {
  const hex = ref.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{1,63}$/.test(hex)) return null;
  const found = records.findByPrefix(hex);
  if (found.length > 1) throw invalid(`Multiple IDs found with provided prefix: ${hex}`);
  return found[0] ?? null;
}

/** Whether the user gave (the beginning of) the image's id and not one of its names. */
export function isIdPrefix(id: Digest, ref: string): boolean {
  return id.startsWith(ref) || id.slice('sha256:'.length).startsWith(ref);
}
