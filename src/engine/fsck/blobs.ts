import { messageOf } from '../../lib/errors.ts';
import type { Digest } from '../../lib/ids.ts';
import type { Check, Remedy, World } from './check.ts';

/** Every blob's bytes against its digest; thin layers are rebuilt for it. */
export const checkBlobs: Check = {
  title: 'Verifying content',
  async run(world, report, op) {
    const { content } = world.images;
    const digests = content.digests();
    for (const [index, digest] of digests.entries()) {
      op.progress({
        kind: 'status',
        id: 'content',
        status: 'Verifying',
        current: index,
        total: digests.length,
      });
      const problem = await problemOf(world, digest, op.signal);
      if (problem === null) continue;
      const remedy = await remedyFor(world, digest);
      if (remedy.lost) world.damaged.add(digest);
      await report({ kind: 'blob', subject: digest, detail: problem, remedy });
    }
  },
};

async function problemOf(
  { images: { content } }: World,
  digest: Digest,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await content.verify(digest, signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    // Removed while we looked.
    return content.has(digest) ? messageOf(error) : null;
  }
}

/** `lost`: the blob is not here any more afterwards. */
async function remedyFor({ images }: World, digest: Digest): Promise<Remedy & { lost: boolean }> {
  const { content, records, thin } = images;
  const layer = thin.records.get(digest);
  if (content.isFile(digest) && layer !== null && (await thin.isGood(layer)))
    return { lost: false, text: 'file removed: it can be rebuilt', run: () => content.removeFile(digest) };
  const image = records.get(digest);
  if (image !== null) {
    const text = records.configText(digest);
    const restore = async () => {
      await content.remove(digest);
      await content.writeBytes(Buffer.from(text), { digest });
    };
    return { lost: false, text: 'written again from the record', run: restore };
  }
  const what = layer === null ? 'removed' : 'skeleton removed';
  return { lost: true, text: what, run: () => content.remove(digest) };
}
