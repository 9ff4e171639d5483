/** Between an OCI spec and the operations of gantry-init: what the runtime noun needs and offers. */
import type { RootMount } from '../linux/mounts.ts';
import type { Operation } from '../linux/operations.ts';
import type { LinuxResources, Process, Spec } from '../oci/runtime.ts';

/** A root file system that is mounted beside the container's own, to be bound from. */
export interface RootView {
  root: RootMount;
  /** An existing empty host directory. */
  path: string;
}

export interface PlanInput {
  spec: Spec;
  root: RootMount;
  /** An existing empty host directory on which the root gets mounted in the container's own mount namespace. */
  rootPath: string;
  views: readonly RootView[];
  /** From networks: both sides, in order. Empty with host, none and joined network namespaces. */
  network: Operation[];
  cgroups: Cgroups;
}

/**
 * planContainer(input): Operation[]   in plan.ts: pure; the whole list from the first cgroup directory to execve
 * planExec(spec, process, target): Operation[]   in exec.ts: pure; enters the cgroups, then `join` and `clone`, ends with `exec`
 * explain(operations): string   in explain.ts: one readable line per operation, side marked, numbers decoded
 * execError(operations, failed): EngineError   in failure.ts: Docker's texts for what gantry-init reports ("exec: \"x\":
 *   executable file not found in $PATH", "unable to find user x: no matching entries in passwd file", …)
 */
export interface ExecTarget {
  pid: number;
  startTime: string;
  cgroupPath: string;
  cgroups: Cgroups;
}
export type { Process };

export interface CgroupStats {
  cpu: {
    total: number;
    user: number;
    kernel: number;
    perCpu: number[];
    throttling: { periods: number; throttledPeriods: number; throttledTime: number };
  };
  memory: { usage: number; maxUsage: number; limit: number; failcnt: number; stats: Record<string, number> };
  pids: { current: number; limit: number };
  io: { major: number; minor: number; op: 'read' | 'write'; bytes: number; operations: number }[];
}

/** cgroup v1 (hybrid) and v2 behind one face. `path` is the spec's cgroupsPath, such as /gantry/<id>. All but the plan methods are idempotent. */
export interface Cgroups {
  readonly version: 1 | 2;
  /** As docker info names it. */
  readonly driver: 'cgroupfs';
  /** Controllers that this host offers: memory, cpu, cpuset, pids, io, devices, freezer. */
  readonly controllers: ReadonlySet<string>;
  /** Host-side operations: directories and limits before the clone. A limit that the host lacks is left out (see warnings). */
  create(path: string, resources: LinuxResources): Operation[];
  /** Host-side operations after the clone that put the child in (none on v2, which clones into the cgroup). */
  join(path: string): Operation[];
  /** The same by the child itself as its first act: much faster on v1, but not possible from a new user namespace. */
  joinSelf(path: string): Operation[];
  /** Host-side operations that put the performing process itself in: for an exec, before it enters the namespaces (none on v2, see cloneInto). */
  enter(path: string): Operation[];
  /** For the clone operation: the v2 directory, "" on v1. `pid`: the container's process 1, for an exec beside it. */
  cloneInto(path: string, pid?: number): string;
  /** Inside operations that show cgroups at /sys/fs/cgroup. */
  mount(path: string, options: { namespace: boolean; readonly: boolean }): Operation[];
  /** Docker's warnings for limits that this host cannot do ("Your kernel does not support …"). */
  warnings(resources: LinuxResources): string[];
  update(path: string, resources: LinuxResources): Promise<void>;
  freeze(path: string, frozen: boolean): Promise<void>;
  pids(path: string): Promise<number[]>;
  /** SIGKILL to everything in it, again until it is empty. */
  kill(path: string): Promise<void>;
  stats(path: string): Promise<CgroupStats>;
  /** Directory of the memory controller, for OOM events. */
  memoryDirectory(path: string): string;
  remove(path: string): Promise<void>;
}
