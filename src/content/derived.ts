import type { Digest } from '../lib/ids.ts';

/** Blobs that are no files of the store: made of something else on demand, bit for bit the same. */
export interface DerivedBlobs {
  /** Bytes of the blob, or null when it is not one of these. */
  size(digest: Digest): number | null;
  digests(): Digest[];
  /** Held against the digest while it passes: fails at the end, at the latest, when the bytes are not the blob's. */
  stream(digest: Digest): AsyncIterable<Uint8Array>;
  /** Throws when the bytes are not the blob's, without handing them out. */
  check(digest: Digest, signal?: AbortSignal): Promise<void>;
  remove(digest: Digest): Promise<void>;
}

export const noDerivedBlobs: DerivedBlobs = {
  size: () => null,
  digests: () => [],
  stream: (digest) => {
    throw new Error(`no blob ${digest}`);
  },
  check: async () => {},
  remove: async () => {},
};
