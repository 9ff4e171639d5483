import type { Registries } from '../../registry/client/model.ts';
import type { Context } from '../context.ts';
import type { Downloads } from './downloads.ts';

/** What pull and push work with. */
export interface DistributionContext {
  images: Context;
  registries: Registries;
  downloads: Downloads;
  /** Blobs of one push at the same time. */
  maxUploads: number;
}
