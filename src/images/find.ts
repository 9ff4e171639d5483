import { invalid, notFound } from '../lib/errors.ts';
import type { Digest } from '../lib/ids.ts';
import type { ImageName } from './model.ts';
import type { ImageRecords, Reference } from './records.ts';
import { familiarName, parseAnyReference, parseReference, repository, withTag } from './references.ts';

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
export function findImage(records: ImageRecords, ref: string): Digest {
  const parsed = parseAnyReference(ref);
  if (parsed.kind === 'id') {
    if (records.get(parsed.digest) === null) throw notFound(`No such image: ${ref}`);
    return parsed.digest;
  }
  const named =
    records.find(storedReference(parsed.name)) ??
    findByDigest(records, parsed.name) ??
    findByPrefix(records, ref);
  if (named === null) throw notFound(`No such image: ${familiarName(withTag(parsed.name))}`);
  return named;
}

/** `name@digest` also finds an image of that name whose id or manifest has the digest (as loaded, never pulled). */
function findByDigest(records: ImageRecords, name: ImageName): Digest | null {
  if (name.digest === null) return null;
  const digest = name.digest;
  const match = records
    .tagsOf(repository(name))
    .find(({ image }) => image === digest || records.get(image)?.target === digest);
  return match?.image ?? null;
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
