/** Images in gantry's own words. */
import type { Digest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { ImageConfig, ImageRunConfig } from '../oci/image.ts';

/** One image for this platform. `id` is what Docker's containerd store shows: see docs/decisions. */
export interface Image {
  id: Digest;
  /** Digest of the manifest (or index) that the tags point at. */
  target: Digest;
  config: ImageConfig;
  /** ChainIDs from the base up; the last is the image's own root. Empty for an image without layers. */
  chainIds: string[];
  /** Familiar names: "busybox:latest". */
  tags: string[];
  /** "busybox@sha256:…" */
  repoDigests: string[];
  /** Milliseconds since the epoch; 0 when the config has none. */
  created: number;
  /** Unpacked bytes of all layers; and compressed bytes of all blobs. */
  size: number;
  contentSize: number;
  parentId: Digest | null;
  /** Never removed by the automatic collection. */
  pinned: boolean;
}

export interface HistoryEntry {
  /** "<missing>" in Docker's output when null. */
  id: Digest | null;
  created: number;
  createdBy: string;
  size: number;
  comment: string;
  tags: string[];
}

/** A new image on top of another one. */
export interface CommitRequest {
  /** null: from nothing. */
  parent: Digest | null;
  /** What is new, as a plain layer tar. It is read after everything else has been checked. */
  layer: AsyncIterable<Uint8Array>;
  config: ImageRunConfig;
  /** A name, with or without tag; "" = none. */
  name: string;
  author: string;
  comment: string;
  /** The command that made the changes, for the history. */
  createdBy: string;
}

/** One layer as an image's manifest has it, and where it is unpacked. */
export interface Layer {
  /** Of the blob, compressed or not. */
  digest: Digest;
  /** Bytes of the blob. */
  size: number;
  /** Of the plain tar. */
  diffId: Digest;
  chainId: string;
}

/** What a new image is made of when it stands on this one. */
export interface ImageParts {
  config: ImageConfig;
  layers: readonly Layer[];
}

export interface NewImageRequest extends ImageParts {
  /** With or without tag. */
  names: readonly string[];
  parent: Digest | null;
}

/** Images made layer by layer. Layers and blobs that no image has go with the next collection, unless they are held or it is held off. */
export interface Layering {
  /** Holds collection off until the result is disposed. */
  use(): Promise<AsyncDisposable>;
  collect(): Promise<void>;
  parts(id: Digest): Promise<ImageParts>;
  /** A layer on top of `parent` (a ChainID; null: on nothing) from a plain layer tar; null when the tar has no members. */
  add(parent: string | null, tar: AsyncIterable<Uint8Array>, op: Operational): Promise<Layer | null>;
  /** The same changes on top of something else. */
  restack(layer: Layer, parent: string | null, op: Operational): Promise<Layer>;
  /** Both its files and its blob are here. */
  has(layer: Layer): boolean;
  /** Keeps these layers for `holder`, instead of what it had, until it is released. Survives the daemon. */
  hold(holder: string, layers: readonly Layer[]): void;
  release(holder: string): void;
  holders(): string[];
  /** Unpacked bytes of a layer; 0 when it is not here. */
  sizeOf(chainId: string): number;
  isInImage(chainId: string): boolean;
  /** Returns the image's id. */
  make(request: NewImageRequest, op: Operational): Promise<Digest>;
}

/** What the images noun offers. `ref` is what the user typed: name, name:tag, name@digest, id or unambiguous id prefix. */
export interface Images {
  /** Throws notFound "No such image: …" with Docker's text. */
  get(ref: string): Promise<Image>;
  list(): Promise<Image[]>;
  history(ref: string): Promise<HistoryEntry[]>;
  tag(ref: string, target: string): Promise<void>;
  pin(ref: string, pinned: boolean): Promise<void>;
  /** Docker's rules for untag, delete, force and images in use. */
  remove(
    ref: string,
    options: { force: boolean; noPrune: boolean },
  ): Promise<{ untagged: string[]; deleted: string[] }>;
  prune(
    filters: ReadonlyMap<string, readonly string[]>,
  ): Promise<{ untagged: string[]; deleted: string[]; space: number }>;
  /** A docker-archive or OCI layout tar, plain, gzip, zstd, bzip2 or xz. Progress: what `docker load` prints. */
  load(
    archive: ReadableStream<Uint8Array>,
    options: { quiet: boolean; platform: string },
    op: Operational,
  ): Promise<void>;
  /** A readable docker-archive that is an OCI layout as well. */
  save(refs: string[], options: { platform: string }, op: Operational): Promise<ReadableStream<Uint8Array>>;
  /** A root file system tar as a one-layer image. changes: Dockerfile instructions (CMD, ENV, …). Returns the id. */
  import(
    archive: ReadableStream<Uint8Array>,
    options: { name: string; message: string; changes: string[]; platform: string },
    op: Operational,
  ): Promise<Digest>;
  /** Nothing of the image is visible before it is complete. Returns its id and, when it has a name, the familiar one. */
  commit(request: CommitRequest, op: Operational): Promise<{ id: Digest; name: string }>;
}
