/** Builds in gantry's own words. */
import type { Duplex } from 'node:stream';
import type { HostConfig } from '../containers/model.ts';
import type { Digest } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { Credentials } from '../registry/client/model.ts';
import type { Warning } from './dockerfile/dockerfile.ts';

/** Where the files of COPY and ADD come from. */
export type ContextSource =
  /** Compressed or not. Without any member: an empty context. */
  | { kind: 'tar'; archive: AsyncIterable<Uint8Array> }
  /** Sent before, see `Builds.addContext`. The build takes it over. */
  | { kind: 'added'; id: string }
  /** A tar, a Dockerfile or a git repository, fetched by the daemon. */
  | { kind: 'remote'; url: string };

/** Of --build-context: where the name is used, this is meant. */
export type NamedContext = { kind: 'image'; name: string } | ContextSource;

/** What every RUN gets. */
export type StepLimits = Pick<
  HostConfig,
  | 'cgroupParent'
  | 'cpuPeriod'
  | 'cpuQuota'
  | 'cpuShares'
  | 'cpusetCpus'
  | 'cpusetMems'
  | 'extraHosts'
  | 'memory'
  | 'memorySwap'
  | 'securityOpt'
  | 'shmSize'
  | 'ulimits'
>;

export type Entitlement = 'network.host' | 'security.insecure';

export interface BuildRequest {
  context: ContextSource;
  /** In the context, or the file itself and what messages call it. */
  dockerfile: { path: string } | { text: string; name: string };
  contexts: ReadonlyMap<string, NamedContext>;
  /** A stage by name or number; "" = the last. */
  target: string;
  /** Names of the image, with or without tag. */
  tags: readonly string[];
  args: ReadonlyMap<string, string>;
  labels: Readonly<Record<string, string>>;
  /** "os/arch[/variant]"; "" = the host's. */
  platform: string;
  /** Ask the registry for every base image. */
  pull: boolean;
  /** No step is taken from the cache; a list: none of these stages. */
  noCache: boolean | readonly string[];
  /** Of RUN: "default", "none", "host" or a network. */
  network: string;
  limits: StepLimits;
  secrets: ReadonlyMap<string, Uint8Array>;
  /** SSH agents that the client lends: their ids, and the session by which its connections are known, see `Builds.lendAgent`. */
  agents: { session: string; ids: ReadonlySet<string> };
  /** Images whose steps may be used: names, pulled when they are not here. */
  cacheFrom: readonly string[];
  /** The image says what its steps were made of, so that it can be one of `cacheFrom`. */
  inlineCache: boolean;
  /** Images are made that are caches and nothing else: of the steps of the image, or of every step. */
  cacheTo: 'min' | 'max' | null;
  squash: boolean;
  /** What RUN may have beyond the rule: its flags --network=host and --security=insecure. */
  allow: ReadonlySet<Entitlement>;
  /** Seconds since the epoch: no time in the image is later. null: times are what they are. */
  epoch: number | null;
  /** Of a registry's host. */
  credentials: (host: string) => Credentials;
}

/** `id` numbers the steps of one build in the order of their beginning. */
export type BuildEvent =
  | { kind: 'step'; id: number; step: StepInfo }
  | { kind: 'output'; id: number; stream: 'stdout' | 'stderr'; bytes: Uint8Array }
  /** Of a pull or a download. */
  | { kind: 'progress'; id: number; subject: string; status: string; current?: number; total?: number }
  /** The process of a RUN. */
  | { kind: 'container'; id: number; container: string }
  | { kind: 'end'; id: number; outcome: StepOutcome }
  | { kind: 'warning'; warning: Warning };

export type StepOutcome =
  /** `image`: the id that an image had if it ended here. */
  { kind: 'done' | 'cached'; image: Digest | null } | { kind: 'failed'; error: string };

export interface StepInfo {
  /** "[build 2/5] RUN make" */
  title: string;
  /** Of an instruction: where it stands among all of the build, in the order of the file. null: something around them. */
  place: { number: number; total: number; instruction: string } | null;
  /** Changes nothing but the config, at once: who shows what takes time leaves it out. */
  minor?: true;
}

export interface BuildResult {
  id: Digest;
  /** Familiar names that the image now has. */
  names: readonly string[];
  /** What `cacheTo` asked for. The first tells of the others. They have no names: whoever asked removes them. */
  caches: readonly CacheExport[];
}

/** An image to be handed on as a cache: the first under any tag, the others under the same with "-" and the suffix behind it. */
export interface CacheExport {
  image: Digest;
  suffix: string;
}

/** What a build leaves for the next: a step's layer, the directory of a cache mount, or files that a client has sent. */
export interface CacheRecord {
  id: string;
  kind: 'step' | 'mount' | 'context';
  /** The instruction, the id of the cache mount, or what the client calls the directory. */
  description: string;
  /** Bytes on disk. */
  size: number;
  /** A build that runs, or an image, needs it. */
  inUse: boolean;
  /** Of a layer: an image has it too, so pruning frees nothing. */
  shared: boolean;
  /** Milliseconds since the epoch. */
  created: number;
  used: number;
  uses: number;
}

export interface CachePruning {
  /** Also what is needed by what stays; else only what nothing else stands on is taken. */
  all: boolean;
  /** until, id, type (a kind of CacheRecord), description, inuse, shared, private. */
  filters: ReadonlyMap<string, readonly string[]>;
  /** Bytes that may stay. 0 = nothing. */
  keep: number;
}

/** One entry of a directory that a client has. */
export interface ContextEntry {
  /** Relative, with no slash at the end; as bytes in Latin-1. A directory comes before what is in it. */
  path: string;
  directory: boolean;
  /** Two entries of the same path and stamp are the same in everything that is sent. "": equal to nothing, not even itself. */
  stamp: string;
}

export interface OfferedContext {
  /** By which the next offer of the same directory is known. */
  name: string;
  /** Of the entries, however the client computes it; null: the list is never the same again. */
  digest: string | null;
  entries: readonly ContextEntry[];
}

export interface ContextOffer {
  id: string;
  /** Indices of the entries that have to be sent before the context can be used. */
  wanted: number[];
}

export interface Builds {
  /** Receives a context; its id is good for one build, for ten minutes. */
  addContext(archive: AsyncIterable<Uint8Array>, op: Operational): Promise<string>;
  /** The same, for a client that sends only what is not here yet. */
  offerContext(offered: OfferedContext, op: Operational): Promise<ContextOffer>;
  /** The id of a context that is all here, by the digest of its list; null: offer it. */
  knownContext(name: string, digest: string): string | null;
  /** `archive`: what was wanted. */
  fillContext(id: string, archive: AsyncIterable<Uint8Array>, op: Operational): Promise<void>;
  /**
   * A connection on which the client waits. When a process of its build wants an agent, a line with the agent's id goes out on it, and then
   * the connection is the agent's.
   */
  lendAgent(session: string, connection: Duplex): void;
  /** Throws what went wrong, after the events of the steps that were under way. StepFailed: a RUN's process did. */
  build(request: BuildRequest, report: (event: BuildEvent) => void, op: Operational): Promise<BuildResult>;
  usage(): Promise<CacheRecord[]>;
  prune(what: CachePruning): Promise<{ removed: string[]; space: number }>;
}
