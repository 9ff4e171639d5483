/** What the containers noun offers to the API (and later to the CRI). Implemented by ContainerService in containers.ts. */

import type { ContainerId, Digest, ExecId } from '../lib/ids.ts';
import type { Operational } from '../lib/op.ts';
import type { EndpointRequest } from '../networks/model.ts';
import type { ChangedPath } from '../snapshots/snapshotter.ts';
import type {
  ArchiveOptions,
  CommitRequest,
  Container,
  ContainerStream,
  CreateRequest,
  Exec,
  ExecRequest,
  LogQuery,
  PathStat,
  PublishChanges,
  Resources,
  RestartPolicy,
  StatsSample,
  WaitCondition,
} from './model.ts';

/** `ref` is always what the user typed: a name, an id or an unambiguous id prefix. Not found and ambiguous throw EngineError. */
export interface Containers {
  create(request: CreateRequest): Promise<{ id: ContainerId; warnings: string[] }>;
  /** Throws notModified when it runs already. */
  start(ref: string, options?: { detachKeys?: string }): Promise<void>;
  /** signal "" = the container's own; timeout seconds, null = the container's own, -1 = for ever. Throws notModified when it does not run. */
  stop(ref: string, options: { signal: string; timeout: number | null }): Promise<void>;
  restart(ref: string, options: { signal: string; timeout: number | null }): Promise<void>;
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  remove(ref: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void>;
  /** Returns once the wait is armed; `result` settles when the condition is met. */
  wait(
    ref: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<{ result: Promise<{ code: number; error: string }> }>;
  update(
    ref: string,
    changes: Partial<Resources> & { restartPolicy?: RestartPolicy; publish?: PublishChanges },
  ): Promise<{ warnings: string[] }>;
  /** Puts it on one more network: at once when it runs, else from its next start on. */
  connect(ref: string, network: string, request: EndpointRequest): Promise<void>;
  /** `force`: also when the container is not there any more. */
  disconnect(ref: string, network: string, force: boolean): Promise<void>;

  /** An image of what the container changed; returns its id. Throws conflict while the container is being removed. */
  commit(ref: string, request: CommitRequest, op: Operational): Promise<Digest>;

  statPath(ref: string, path: string): Promise<PathStat>;
  /** `archive` must be read to its end or returned early. */
  getArchive(
    ref: string,
    path: string,
  ): Promise<{ stat: PathStat; archive: AsyncIterableIterator<Uint8Array> }>;
  /** A tar, compressed or not, into the directory `path`. */
  putArchive(
    ref: string,
    path: string,
    archive: AsyncIterable<Uint8Array>,
    options: ArchiveOptions,
  ): Promise<void>;
  /** What is not as in the image, by name. */
  changes(ref: string, signal: AbortSignal): Promise<ChangedPath[]>;
  /** The root file system without mounts; must be read to its end or returned early. */
  export(ref: string): Promise<AsyncIterableIterator<Uint8Array>>;

  get(ref: string): Promise<Container>;
  list(): Promise<Container[]>;
  /** SizeRw and SizeRootFs in bytes. */
  size(ref: string): Promise<{ writable: number; root: number }>;
  /** Rows of `ps` for the container's processes, from the host's /proc. */
  top(ref: string, psArgs: string): Promise<{ titles: string[]; processes: string[][] }>;
  /** null when the container does not run. */
  sample(ref: string): Promise<StatsSample | null>;
  prune(filters: ReadonlyMap<string, readonly string[]>): Promise<{ removed: ContainerId[]; space: number }>;

  /** Attach before or after start. Throws conflict when paused or being restarted and stdin is wanted, as Docker does. */
  attach(
    ref: string,
    options: { stdin: boolean; stdout: boolean; stderr: boolean; detachKeys: string },
  ): Promise<ContainerStream>;
  resize(ref: string, rows: number, columns: number): Promise<void>;
  /** Frames (or raw bytes for a tty container) as the API sends them. */
  logs(
    ref: string,
    query: LogQuery,
    signal: AbortSignal,
  ): Promise<{ tty: boolean; stream: ReadableStream<Uint8Array> }>;

  createExec(ref: string, request: ExecRequest): Promise<ExecId>;
  /** Resolves when the process runs. Without a stream (detached) `stream` is null. A failed execve throws EngineError with Docker's text. */
  startExec(
    id: string,
    options: { detach: boolean; tty: boolean; consoleSize: [number, number] | null },
  ): Promise<{ stream: ContainerStream | null }>;
  getExec(id: string): Promise<Exec>;
  resizeExec(id: string, rows: number, columns: number): Promise<void>;

  /** The operations that would make the container, in readable form, without making it. */
  explain(request: CreateRequest): Promise<string>;
}
