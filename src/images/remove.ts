import { conflict, type EngineError, isKind } from '../lib/errors.ts';
import { type Digest, shortId } from '../lib/ids.ts';
import { parseReference } from '../lib/reference.ts';
import type { Context } from './context.ts';
import { findImage, isIdPrefix, storedReference } from './find.ts';
import { formatReference, type Reference } from './names.ts';

export interface Removed {
  untagged: string[];
  deleted: string[];
}

export interface RemoveOptions {
  force: boolean;
  noPrune: boolean;
}

/**
 * `docker rmi`, after moby's daemon/images/image_delete.go. A name loses that name, and the image goes with its last one;
 * an id removes all names, provided they are of one repository or `force` is given. Running containers always keep
 * their image; stopped ones do unless forced.
 */
export async function removeImage(context: Context, ref: string, options: RemoveOptions): Promise<Removed> {
  const removed: Removed = { untagged: [], deleted: [] };
  const failure = context.records.atomically(() =>
    failureOf(() => removeNow(context, ref, options, removed)),
  );
  if (failure !== null) throw failure.error;
  await context.collector.collect();
  return removed;
}

/** What was done before something is refused stays done, as in Docker. */
function failureOf(work: () => void): { error: unknown } | null {
  try {
    work();
    return null;
  } catch (error) {
    return { error };
  }
}

function removeNow(context: Context, ref: string, options: RemoveOptions, removed: Removed): void {
  const id = findImage(context.records, ref);
  if (isIdPrefix(id, ref)) {
    const references = context.records.names.of(id);
    if (isSingleReference(references)) {
      checkUnused(context, id, options.force, { ignoreReferences: true });
      for (const reference of references) untag(context, id, reference, removed);
    }
    deleteImage(context, id, options, removed, { quiet: false });
  } else {
    removeName(context, id, ref, options, removed);
  }
}

function removeName(
  context: Context,
  id: Digest,
  ref: string,
  options: RemoveOptions,
  removed: Removed,
): void {
  const { records } = context;
  const name = parseReference(ref);
  const single = isSingleReference(records.names.of(id));
  const user = context.inUse(id)[0];
  if (!options.force && single && user !== undefined)
    throw conflict(
      `conflict: unable to remove repository reference "${ref}" (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(id)}`,
    );
  const reference = existingReference(context, id, storedReference(name));
  untag(context, id, reference, removed);
  if (reference.kind === 'tag') untagDigests(context, id, reference.repository, removed);
  if (records.names.of(id).length > 0) return;
  deleteImage(context, id, options, removed, { quiet: true });
}

/** `name@digest` may have been found through a tag of that name. */
function existingReference({ records }: Context, id: Digest, reference: Reference): Reference {
  if (records.names.find(reference)?.image === id) return reference;
  return records.names.of(id).find((each) => each.repository === reference.repository) ?? reference;
}

/** Digest references of a repository go with its last tag. */
function untagDigests(context: Context, id: Digest, repository: string, removed: Removed): void {
  const same = context.records.names.of(id).filter((each) => each.repository === repository);
  if (same.some((each) => each.kind === 'tag')) return;
  for (const reference of same) untag(context, id, reference, removed);
}

function untag(context: Context, id: Digest, reference: Reference, removed: Removed): void {
  const name = formatReference(reference);
  context.records.unrefer(reference);
  removed.untagged.push(name);
  context.emitImage('untag', id, name);
}

/** One tag, with or without digests of the same repository. */
function isSingleReference(references: readonly Reference[]): boolean {
  if (references.length <= 1) return true;
  const tags = references.filter((each) => each.kind === 'tag');
  const repositories = new Set(references.map((each) => each.repository));
  return tags.length <= 1 && repositories.size === 1;
}

/** `quiet`: the name is gone already, so what keeps the image itself is no error. */
function deleteImage(
  context: Context,
  id: Digest,
  options: RemoveOptions,
  removed: Removed,
  { quiet }: { quiet: boolean },
): void {
  const { records } = context;
  const image = records.get(id);
  if (image === null) return;
  try {
    checkUnused(context, id, options.force, { ignoreReferences: false });
  } catch (error) {
    if (quiet && isKind(error, 'conflict')) return;
    throw error;
  }
  for (const reference of records.names.of(id)) untag(context, id, reference, removed);
  context.emitImage('delete', id, id);
  records.delete(id);
  removed.deleted.push(id);
  for (const chainId of image.chainIds.toReversed())
    if (!records.isLayerReferenced(chainId)) removed.deleted.push(chainId);
  if (image.parentId !== null && !options.noPrune) deleteUnnamedParent(context, image.parentId, removed);
}

function deleteUnnamedParent(context: Context, parent: Digest, removed: Removed): void {
  if (context.records.names.of(parent).length > 0) return;
  deleteImage(context, parent, { force: false, noPrune: false }, removed, { quiet: true });
}

function checkUnused(
  { records, inUse }: Context,
  id: Digest,
  force: boolean,
  { ignoreReferences }: { ignoreReferences: boolean },
): void {
  const refuse = (how: 'cannot' | 'must', why: string): EngineError =>
    conflict(`conflict: unable to delete ${shortId(id)} (${how} be forced) - ${why}`);
  if (records.children(id).length > 0) throw refuse('cannot', 'image has dependent child images');
  const users = inUse(id);
  const running = users.find((user) => user.running);
  if (running !== undefined)
    throw refuse('cannot', `image is being used by running container ${shortId(running.id)}`);
  if (force) return;
  if (!ignoreReferences && records.names.of(id).length > 0)
    throw refuse('must', 'image is referenced in multiple repositories');
  const stopped = users[0];
  if (stopped !== undefined)
    throw refuse('must', `image is being used by stopped container ${shortId(stopped.id)}`);
}
