/** `gantry system fsck`: what is recorded against what is on disk, beside the running engine. */
import { conflict, messageOf } from '../../lib/errors.ts';
import type { Operational } from '../../lib/op.ts';
import type { Finding } from '../model.ts';
import { checkBlobs } from './blobs.ts';
import type { Check, Nouns, Problem, World } from './check.ts';
import { checkContainers } from './containers.ts';
import { checkDatabase } from './database.ts';
import { checkImages } from './images.ts';
import { reportOrphans } from './orphans.ts';
import { checkSnapshots } from './snapshots.ts';
import { checkVolumes } from './volumes.ts';

/** Blobs come before what is unpacked from them, snapshots before the images that need them. */
const checks: readonly Check[] = [
  checkDatabase,
  checkBlobs,
  checkSnapshots,
  checkImages,
  checkContainers,
  checkVolumes,
];

export class Fsck {
  #running = false;

  constructor(private readonly nouns: Nouns) {}

  async run({ repair }: { repair: boolean }, op: Operational): Promise<Finding[]> {
    if (this.#running) throw conflict('another check of the data root is running');
    this.#running = true;
    try {
      return await this.#run(repair, op);
    } finally {
      this.#running = false;
    }
  }

  async #run(repair: boolean, op: Operational): Promise<Finding[]> {
    const world: World = { ...this.nouns, damaged: new Set(), mendable: new Set() };
    const { collector } = world.images;
    const findings: Finding[] = [];
    const report = async (problem: Problem) => {
      const finding = await settle(problem, repair);
      findings.push(finding);
      op.progress({ kind: 'result', value: { ...finding } });
    };
    {
      // Nothing that is being looked at is collected, or replaced by a skeleton.
      await using _ = await collector.use();
      for (const check of checks) {
        op.signal.throwIfAborted();
        op.progress({ kind: 'status', status: check.title });
        await check.run(world, report, op);
      }
    }
    op.progress({ kind: 'status', status: 'Looking for orphans' });
    const looked = await collector.exclusively(() => reportOrphans(world, report));
    if (!looked)
      op.progress({ kind: 'status', status: 'An image is being made or read: orphans were not looked for' });
    return findings;
  }
}

async function settle({ remedy, ...found }: Problem, repair: boolean): Promise<Finding> {
  if (remedy === null || !repair) return { ...found, repair: remedy?.text ?? null, repaired: false };
  try {
    await remedy.run();
    return { ...found, repair: remedy.text, repaired: true };
  } catch (error) {
    return { ...found, repair: `${remedy.text}: failed: ${messageOf(error)}`, repaired: false };
  }
}
