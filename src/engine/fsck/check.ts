/** What every check works with. */
import type { ContainerService } from '../../containers/container-service.ts';
import type { Context as ImageContext } from '../../images/context.ts';
import type { Database } from '../../lib/database.ts';
import type { Digest } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import type { VolumeService } from '../../volumes/volumes.ts';
import type { Finding } from '../model.ts';

/** The nouns whose records and files are looked at. */
export interface Nouns {
  db: Database;
  dataRoot: string;
  images: ImageContext;
  containers: ContainerService;
  volumes: VolumeService;
}

export interface World extends Nouns {
  /** Blobs whose bytes are wrong, as far as has been looked. */
  damaged: Set<Digest>;
  /** Layers whose directory is missing and can be made again. */
  mendable: Set<string>;
}

export interface Remedy {
  /** "removed", "unpacked again from …": reads well behind "repair:". */
  text: string;
  run: () => Promise<unknown>;
}

export interface Problem extends Pick<Finding, 'kind' | 'subject' | 'detail'> {
  /** null: nothing helps without losing something. */
  remedy: Remedy | null;
}

/** Says what is wrong, and mends it when that was asked for. */
export type Report = (problem: Problem) => Promise<void>;

export interface Check {
  /** "Checking images". */
  title: string;
  run: (world: World, report: Report, op: Operational) => Promise<void>;
}
