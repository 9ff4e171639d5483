import type { ContentStore } from '../content/content.ts';
import type { Emit } from '../lib/events.ts';
import type { Digest } from '../lib/ids.ts';
import type { Log } from '../lib/op.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import type { Collector } from './collector.ts';
import type { ImageRecords } from './records.ts';
import type { ThinBlobs } from './thin/blobs.ts';

/** A container as far as images care. */
export interface ImageUser {
  id: string;
  name: string;
  running: boolean;
}

/** What the operations on images share. */
export interface Context {
  content: ContentStore;
  snapshotter: Snapshotter;
  records: ImageRecords;
  collector: Collector;
  thin: ThinBlobs;
  emit: Emit;
  /** Containers made from an image. */
  inUse: (imageId: Digest) => ImageUser[];
  log: Log;
  /** Emits an image event with the image's labels. `name` is a familiar name or the id. */
  emitImage: (action: string, id: Digest, name: string) => void;
}
