/** Images over the network: what the images noun does with registries. */
import type { Digest } from '../../lib/ids.ts';
import type { Operational } from '../../lib/op.ts';
import type { Platform } from '../../oci/image.ts';
import type { Credentials, SearchResult } from '../../registry/client/model.ts';

export interface PullOptions {
  /** Every tag of the repository; the reference must have none. */
  allTags: boolean;
  /** os/arch[/variant]; "" = the host's. */
  platform: string;
  credentials: Credentials;
}

export interface PushOptions {
  /** Every local tag of the repository; else the reference's (default latest). */
  allTags: boolean;
  /** "" = all that is here of what the tag points at. */
  platform: string;
  credentials: Credentials;
}

/** What a tag of a registry points at, without pulling it: Docker's /distribution. */
export interface RemoteImage {
  descriptor: { mediaType: string; digest: Digest; size: number };
  platforms: Platform[];
}

export interface SearchFilters {
  official: boolean | null;
  automated: boolean | null;
  stars: number;
}

/** Progress is in Docker's words ("Pulling fs layer", "Downloading", …), one id per layer. */
export interface Distribution {
  pull(reference: string, options: PullOptions, op: Operational): Promise<void>;
  /** `reference` without tag and `allTags`: all of them. */
  push(reference: string, options: PushOptions, op: Operational): Promise<void>;
  inspect(reference: string, credentials: Credentials, signal: AbortSignal): Promise<RemoteImage>;
  /** The manifest or index itself, as the registry has it. */
  manifest(
    reference: string,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<{ mediaType: string; digest: Digest; bytes: Uint8Array }>;
  search(
    term: string,
    options: { limit: number; filters: SearchFilters; credentials: Credentials },
    signal: AbortSignal,
  ): Promise<SearchResult[]>;
  login(
    address: string,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<{ status: string; identityToken: string }>;
}
