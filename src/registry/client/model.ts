/** Registries as the engine sees them: repositories of manifests and blobs (OCI distribution-spec v1.1). */
import type { Digest } from '../../lib/ids.ts';

/** Who asks. Never part of a message, a log line or an event; sent only to the registry (and its token server) it is for. */
export type Credentials =
  | { kind: 'anonymous' }
  | { kind: 'basic'; username: string; password: string }
  /** An OAuth2 refresh token that an earlier login was given. */
  | { kind: 'identity'; token: string }
  /** A token for the registry itself, sent as it is. */
  | { kind: 'bearer'; token: string };

/** `cause` of the EngineError thrown when a registry answered with an error: what callers need to word it for their command. */
export interface RegistryFailure {
  /** HTTP status. */
  status: number;
  /** The first error's code (MANIFEST_UNKNOWN, DENIED, …), "" when the body had none. */
  code: string;
  /** The registry's own words, "" when it had none. */
  message: string;
}

export interface RemoteManifest {
  /** The Content-Type it came with. */
  mediaType: string;
  /** Of `bytes`, computed here; equal to what was asked for when that was a digest. */
  digest: Digest;
  bytes: Buffer;
}

/** A blob to send. `open` may be called again, from any offset, when an upload is taken up once more. */
export interface BlobSource {
  digest: Digest;
  /** Bytes. */
  size: number;
  open(offset: number): AsyncIterable<Uint8Array>;
}

/** One repository of one registry, with its mirrors (pull only), retries and authentication behind it. */
export interface Repository {
  /**
   * GET of a manifest or index by tag or digest, at most 4 MiB. Throws notFound (with RegistryFailure) when it is not there,
   * invalid when the bytes have another digest than asked for.
   */
  manifest(reference: string, signal: AbortSignal): Promise<RemoteManifest>;
  /** HEAD: digest, type and size without the bytes; null when it is not there. */
  resolve(
    reference: string,
    signal: AbortSignal,
  ): Promise<{ mediaType: string; digest: Digest; size: number } | null>;
  /** Every tag, page after page. */
  tags(signal: AbortSignal): AsyncIterable<string>;
  /**
   * The bytes of a blob from `offset` on; `offset` of the answer is 0 when the registry does not do ranges. A connection that breaks
   * is taken up again where it broke, as often as the client's attempts allow. Not verified: the content store does that. The connection
   * is held until the chunks are read, left by their reader, or the signal aborts.
   */
  blob(
    digest: Digest,
    options: { offset: number; size: number; signal: AbortSignal },
  ): Promise<{ offset: number; chunks: AsyncIterable<Uint8Array> }>;
  hasBlob(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /**
   * Makes the repository have the blob: nothing when it is there, a mount from one of `mountFrom` (repository paths of the same registry)
   * when that works, else an upload that survives broken connections. `progress`: bytes sent so far.
   */
  pushBlob(
    source: BlobSource,
    options: { mountFrom: readonly string[]; signal: AbortSignal; progress: (sent: number) => void },
  ): Promise<'exists' | 'mounted' | 'uploaded'>;
  /** PUT under a tag or digest. Throws internal when the registry answers with another digest. */
  pushManifest(reference: string, manifest: RemoteManifest, signal: AbortSignal): Promise<void>;
}

export interface SearchResult {
  name: string;
  description: string;
  stars: number;
  official: boolean;
  automated: boolean;
}

export interface Registries {
  /**
   * `actions` decides the scope of tokens and whether mirrors are asked. `domain` as in references: docker.io, localhost:5000. Throws
   * invalid when what certs.d has for the domain cannot be read.
   */
  repository(
    name: { domain: string; path: string },
    access: { credentials: Credentials; actions: 'pull' | 'push' },
  ): Repository;
  /** Checks credentials against a registry. "" = Docker Hub. Throws unauthorized with the registry's words. */
  login(
    address: string,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<{ status: string; identityToken: string }>;
  /** Docker's v1 search where the registry has it, else its catalogue. `term` may begin with a host. */
  search(
    term: string,
    options: { limit: number; credentials: Credentials; signal: AbortSignal },
  ): Promise<SearchResult[]>;
}

/** Settings of the daemon. */
export interface RegistryOptions {
  /** Hosts (`host[:port]`) and CIDR ranges that may be asked without verified TLS or over HTTP; loopback always may. */
  insecure: readonly string[];
  /** Mirrors of docker.io (URLs), tried in order before it. */
  mirrors: readonly string[];
  /** Directories of `<host[:port]>/hosts.toml` (containerd's layout) and `ca.crt`, `*.cert`/`*.key` (Docker's); the first that has the host wins. */
  certificates: readonly string[];
  /** How often one request is tried before giving up. */
  attempts: number;
}
