/** Removes images that nobody has used for long, when the disk fills up: see docs/decisions/0011-space.md. */
import { statfs } from 'node:fs/promises';
import type { Context as ImageContext } from '../../images/context.ts';
import { removeByNames } from '../../images/prune.ts';
import { invalid, messageOf } from '../../lib/errors.ts';
import type { Emit } from '../../lib/events.ts';
import type { Log } from '../../lib/op.ts';
import type { LayerSizes } from '../disk/layer-sizes.ts';
import { imageBytes } from '../disk/on-disk.ts';
import type { Nouns } from '../fsck/check.ts';
import type { GcPolicy, GcPolicyText, GcReport, Threshold } from '../model.ts';
import { type Candidate, chooseImages } from './choose.ts';
import { parseGcPolicy } from './policy.ts';

export interface GcParts extends Nouns {
  layers: LayerSizes;
  emit: Emit;
  log: Log;
  /** null = only by hand, with a policy of its own. */
  policy: GcPolicy | null;
}

/** Bytes used of what the threshold is about, and how many that is at 100 %. */
interface Use {
  used: number;
  capacity: number;
}

/** Milliseconds between two looks when nothing happens to images. */
const interval = 10 * 60_000;

export class ImageGc implements AsyncDisposable {
  readonly #timer: Timer;
  #running: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: GcParts) {
    this.#timer = setInterval(() => void this.check(), interval);
    this.#timer.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** By the daemon's policy, if there is one. While an image is being made nothing would be freed. Never throws. */
  async check(): Promise<void> {
    const { policy, log, images } = this.parts;
    if (policy === null || images.collector.isBusy) return;
    try {
      await this.#next(() => this.#collect(policy, false));
    } catch (error) {
      log('error', 'image gc failed', { error: messageOf(error) });
    }
  }

  /** By hand: what is not given is the daemon's. */
  async run(given: GcPolicyText, dryRun: boolean): Promise<GcReport> {
    const policy = this.#policy(given);
    return this.#next(() => this.#collect(policy, dryRun));
  }

  #policy(given: GcPolicyText): GcPolicy {
    const { policy } = this.parts;
    const age = given['min-age'] !== undefined;
    const keep = given.keep !== undefined && given.keep.length > 0;
    if (given.high === undefined && given.low === undefined) {
      if (policy === null) throw invalid('there is no image-gc policy: give --high, or configure the daemon');
      const own = parseGcPolicy({ ...given, high: '100%' });
      return { ...policy, ...(age && { minAge: own.minAge }), ...(keep && { keep: own.keep }) };
    }
    const own = parseGcPolicy(given);
    if (policy === null) return own;
    return { ...own, ...(!age && { minAge: policy.minAge }), ...(!keep && { keep: policy.keep }) };
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#running.then(work);
    this.#running = result.catch(() => undefined);
    return result;
  }

  async #collect(policy: GcPolicy, dryRun: boolean): Promise<GcReport> {
    const { used, capacity } = await this.#use(policy.high);
    const report: GcReport = { used, high: bytesOf(policy.high, capacity), removed: [], reclaimed: 0 };
    if (used <= report.high) return report;
    const goal = bytesOf(policy.low, capacity);
    // Pulls that were broken off go before any image does.
    if (!dryRun) await this.#forgetUnfinished();
    const passes = dryRun ? 1 : 10;
    // What a removal frees is an estimate (the file system, other writers): look again.
    for (let pass = 0, now = used; pass < passes && now > goal; pass++) {
      const removed = await this.#pass(policy, now - goal, dryRun);
      if (removed.length === 0) break;
      report.removed.push(...removed);
      // Files go when nobody makes an image any more; then is time to look again.
      if (this.parts.images.collector.isBusy) break;
      if (!dryRun) now = (await this.#use(policy.high)).used;
    }
    report.reclaimed = report.removed.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!dryRun) this.#tell(report);
    return report;
  }

  async #pass(policy: GcPolicy, need: number, dryRun: boolean): Promise<GcReport['removed']> {
    const { images } = this.parts;
    const removed: GcReport['removed'] = [];
    const candidates = await this.#candidates();
    for (const { id, bytes } of chooseImages(candidates, policy, need, Date.now())) {
      const image = images.records.get(id);
      if (image === null) continue;
      const names = [...image.tags, ...image.repoDigests];
      if (dryRun || (await removeByNames(images, image)).deleted.includes(id))
        removed.push({ id, names, bytes });
    }
    return removed;
  }

  async #forgetUnfinished(): Promise<void> {
    const { collector } = this.parts.images;
    collector.forgetUnfinished();
    await collector.collect();
  }

  #tell({ removed, reclaimed, used, high }: GcReport): void {
    const { emit, log } = this.parts;
    const fields = { used, high, removed: removed.length, reclaimed };
    log(removed.length > 0 ? 'info' : 'debug', 'image gc', fields);
    if (removed.length === 0) return;
    emit({
      type: 'daemon',
      action: 'gc',
      id: '',
      attributes: { removed: String(removed.length), reclaimed: String(reclaimed) },
    });
  }

  async #use(threshold: Threshold): Promise<Use> {
    const { dataRoot, images, layers } = this.parts;
    if (threshold.kind === 'bytes')
      return {
        used: await imageBytes(images, layers),
        capacity: Number.POSITIVE_INFINITY,
      };
    // As df(1): what only root may use counts neither way.
    const { blocks, bfree, bavail, bsize } = await statfs(dataRoot);
    return { used: (blocks - bfree) * bsize, capacity: (blocks - bfree + bavail) * bsize };
  }

  async #candidates(): Promise<Candidate[]> {
    const { images, layers } = this.parts;
    const sizes = await layers.of(images.snapshotter);
    const { records, inUse } = images;
    return records.all().map((image) => {
      const { added, used } = records.use(image.id);
      return {
        id: image.id,
        names: [...image.tags, ...image.repoDigests],
        labels: image.config.config?.Labels ?? {},
        added,
        lastUsed: Math.max(added, used),
        pinned: image.pinned,
        needed: inUse(image.id).length > 0 || records.children(image.id).length > 0,
        parts: partsOf(images, image.id, image.chainIds, sizes),
      };
    });
  }
}

const bytesOf = ({ kind, value }: Threshold, capacity: number) =>
  kind === 'bytes' ? value : (capacity * value) / 100;

function partsOf(
  { content, records, thin }: ImageContext,
  id: Candidate['id'],
  chainIds: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Map<string, number> {
  const parts = new Map<string, number>();
  for (const { digest, size } of records.targets.blobs(id)) {
    const skeleton = content.isFile(digest) ? undefined : thin.records.get(digest)?.skeleton;
    parts.set(`blob ${digest}`, skeleton ?? size);
  }
  for (const chainId of chainIds) parts.set(`layer ${chainId}`, sizes.get(chainId) ?? 0);
  return parts;
}
