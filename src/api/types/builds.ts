/** JSON of builds: Docker's of the cache, and gantry's own of `POST /gantry/build`. */
import type { BuildEvent, CacheExport } from '../../build/model.ts';

export interface BuildCacheRecord {
  ID: string;
  Type: 'regular' | 'exec.cachemount' | 'source.local';
  Description: string;
  InUse: boolean;
  Shared: boolean;
  Size: number;
  CreatedAt: string;
  LastUsedAt: string | null;
  UsageCount: number;
}

export interface BuildPruneReport {
  CachesDeleted: string[] | null;
  SpaceReclaimed: number;
}

/** Body of `POST /gantry/contexts/offer`: what a directory has, by a name that is the same each time. */
export interface ContextOfferBody {
  Name: string;
  /** Of the entries, by any function. Without Entries: is all of it here? */
  Digest?: string;
  /**
   * Depth first. Path: relative, one character for each byte of it. Stamp: two entries of the same path and stamp are the same; "" is like no other.
   */
  Entries?: [path: string, kind: 'directory' | 'other', stamp: string][];
}

export interface ContextOfferResponse {
  /** "": it is not, the entries are wanted. */
  Id: string;
  /** Indices of the entries that are to be sent, as a tar, to `POST /gantry/contexts/{id}/files`. None: the context can be used. */
  Wanted: number[];
}

/** Where files come from: `Id` as `POST /gantry/contexts` gave it, or what the daemon fetches. */
export type ContextJson = { Id: string } | { Url: string };

export interface UlimitJson {
  Name: string;
  Soft: number;
  Hard: number;
}

/** Body of `POST /gantry/build`. What is absent is as with `docker build` without the option. */
export interface BuildBody {
  Context: ContextJson;
  /** `Path` is in the context; `Name` is what messages call the text. */
  Dockerfile?: { Path: string } | { Text: string; Name?: string };
  Contexts?: Record<string, ContextJson | { Image: string }>;
  Target?: string;
  Tags?: string[];
  Args?: Record<string, string>;
  Labels?: Record<string, string>;
  Platform?: string;
  Pull?: boolean;
  NoCache?: boolean;
  NoCacheFilter?: string[];
  NetworkMode?: string;
  /** base64 by id. */
  Secrets?: Record<string, string>;
  /** SSH agents that the client lends over `POST /gantry/agents?session=…`, by id. */
  Agents?: string[];
  /** Of the agents: a name that nobody else has. */
  Session?: string;
  CacheFrom?: string[];
  InlineCache?: boolean;
  /** `caches` of the result are images to hand on as a cache. */
  CacheTo?: 'min' | 'max';
  Squash?: boolean;
  /** `network.host`, `security.insecure`. */
  Allow?: string[];
  /** Seconds since the epoch. */
  Epoch?: number;
  Limits?: BuildLimits;
}

export interface BuildLimits {
  CgroupParent?: string;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpuShares?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  ExtraHosts?: string[];
  Memory?: number;
  MemorySwap?: number;
  SecurityOpt?: string[];
  ShmSize?: number;
  Ulimits?: UlimitJson[];
}

export type { CacheExport };

type Told =
  | Exclude<BuildEvent, { kind: 'output' }>
  | { kind: 'output'; id: number; stream: 'stdout' | 'stderr' /** base64 */; bytes: string };

/** Why a build ended without an image. */
export interface BuildErrorJson {
  message: string;
  /** Of a RUN's process. */
  exitCode?: number;
  /** Lines of the Dockerfile, from 1, and how a terminal shows them. */
  dockerfile?: { filename: string; start: number; end: number; excerpt: string };
}

/** One line of the answer; `time`: milliseconds since the epoch. The last one is a result or an error. */
export type BuildLine = { time: number } & (
  | Told
  | { kind: 'result'; image: string; names: readonly string[]; caches: readonly CacheExport[] }
  | ({ kind: 'error' } & BuildErrorJson)
);
