/** What builds work with. */
import type { Containers } from '../containers/service.ts';
import type { Distribution } from '../images/distribution/model.ts';
import type { Images, Layering } from '../images/model.ts';
import type { Log } from '../lib/op.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import type { StepCache } from './cache/store.ts';

export interface BuildParts {
  containers: Containers;
  images: Pick<Images, 'get' | 'remove'>;
  distribution: Pick<Distribution, 'pull'>;
  layering: Layering;
  snapshotter: Snapshotter;
  cache: StepCache;
  /** Of contexts, and of the directories of cache mounts. */
  directory: string;
  /** Of secrets and sockets; gone after a restart of the host. */
  execDirectory: string;
  log: Log;
}
