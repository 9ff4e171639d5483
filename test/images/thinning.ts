/** Thin layers over a store of rig.ts, done when the test says so. Run as a program, it is killed at one step: see thin.test.ts. */
import { Collector } from '../../src/images/collector.ts';
import { ImageRecords } from '../../src/images/records.ts';
import { ThinBlobs } from '../../src/images/thin/blobs.ts';
import { ThinRecords } from '../../src/images/thin/records.ts';
import { type ThinStep, ThinWorker } from '../../src/images/thin/worker.ts';
import { openStore, type TestStore } from './rig.ts';

export function thinning(t: TestStore, reached: (step: ThinStep) => void = () => {}) {
  const { content, db, snapshotter } = t;
  const thin = new ThinBlobs(new ThinRecords(db), snapshotter, content.directory);
  content.derive(thin);
  const records = new ImageRecords(db);
  const collector = new Collector(content, snapshotter, records, thin.records);
  const warnings: string[] = [];
  const log = (_: string, message: string) => void warnings.push(message);
  const worker = new ThinWorker({ content, snapshotter, records, collector, thin, log, reached });
  return { thin, worker, collector, records, warnings };
}

if (import.meta.main) {
  const [path = '', step = ''] = process.argv.slice(2);
  const t = await openStore('', { path, [Symbol.dispose]: () => undefined });
  const { worker } = thinning(t, (at) => {
    if (at === step) process.kill(process.pid, 'SIGKILL');
  });
  await worker.run();
}
