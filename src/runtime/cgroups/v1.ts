/**
 * cgroup v1: every controller (or set of controllers) has a hierarchy of its own, and a container one directory in each.
 * Also the hybrid set-up, whose unified hierarchy has no controllers and is left alone.
 */

import {
  groupsBeneath,
  hasControl,
  readControl,
  readPids,
  removeGroup,
  until,
  writeControl,
} from '../../linux/cgroupfs.ts';
import { isErrno } from '../../linux/errno.ts';
import type { Operation } from '../../linux/operations.ts';
import type { LinuxResources } from '../../oci/runtime.ts';
import type { CgroupStats, Cgroups } from '../model.ts';
import type { Hierarchy } from './hierarchies.ts';
import { killAll } from './kill.ts';
import { probeFeatures } from './v1-features.ts';
import { deviceSettings, limitSettings, type Setting } from './v1-limits.ts';
import { v1Mounts } from './v1-mounts.ts';
import { readStats } from './v1-stats.ts';
import { type Features, limitWarnings } from './warnings.ts';

const FREEZE_DEADLINE = 10_000;

/** What this class asks the kernel while it plans: replaced in tests. */
export interface V1Host {
  hierarchies: readonly Hierarchy[];
  read(path: string): string | null;
}

export class CgroupsV1 implements Cgroups {
  readonly version = 1;
  readonly driver = 'cgroupfs';
  readonly controllers: ReadonlySet<string>;
  readonly #host: V1Host;
  readonly #byController = new Map<string, Hierarchy>();
  /** Parents seen complete: not looked at again. */
  readonly #ready = new Set<string>();
  readonly #files = new Map<string, boolean>();
  #features: Features | undefined;

  constructor(host: V1Host) {
    this.#host = host;
    for (const hierarchy of host.hierarchies)
      for (const controller of hierarchy.controllers) this.#byController.set(controller, hierarchy);
    const names = [...this.#byController.keys()].map((name) => (name === 'blkio' ? 'io' : name));
    this.controllers = new Set(names);
  }

  /** The group of one controller; null when the host has no such controller. */
  directory(controller: string, path: string): string | null {
    const hierarchy = this.#byController.get(controller);
    return hierarchy ? hierarchy.directory + path : null;
  }

  #directories(path: string): string[] {
    return this.#host.hierarchies.map(({ directory }) => directory + path);
  }

  create(path: string, resources: LinuxResources): Operation[] {
    return [
      ...this.#parents(path),
      ...this.#directories(path).map((directory) => mkdir(directory)),
      ...this.#settings(path, resources),
    ];
  }

  /**
   * A new cpuset is empty and takes no process, unless its parent has cgroup.clone_children. So every parent on the way
   * gets its own parent's processors and memory nodes, and clone_children for what is made in it.
   */
  #parents(path: string): Operation[] {
    const parents = ancestors(path);
    const direct = parents.at(-1);
    if (direct === undefined || this.#ready.has(direct)) return [];
    const operations: Operation[] = [];
    for (const parent of parents)
      for (const hierarchy of this.#host.hierarchies) {
        const directory = hierarchy.directory + parent;
        const cpuset = hierarchy.controllers.includes('cpuset');
        const present = this.#host.read(`${directory}/cgroup.clone_children`);
        if (present === null) operations.push(mkdir(directory));
        if (cpuset && present !== '1') operations.push(...this.#cpuset(hierarchy, directory));
      }
    if (operations.length === 0) this.#ready.add(direct);
    return operations;
  }

  #cpuset(hierarchy: Hierarchy, directory: string): Operation[] {
    const fill = (file: string): Operation[] => {
      if (this.#host.read(`${directory}/${file}`)) return [];
      const parent = this.#host.read(`${directory.slice(0, directory.lastIndexOf('/'))}/${file}`);
      return [
        write(`${directory}/${file}`, parent || (this.#host.read(`${hierarchy.directory}/${file}`) ?? '0')),
      ];
    };
    return [...fill('cpuset.cpus'), ...fill('cpuset.mems'), write(`${directory}/cgroup.clone_children`, '1')];
  }

  #blkioPrefix(): string {
    const root = this.#byController.get('blkio')?.directory ?? '';
    return this.#exists(`${root}/blkio.weight`) ? 'blkio' : 'blkio.bfq';
  }

  /** Settings that this host has files for; the others are named by `warnings`. */
  #possible(resources: LinuxResources): Setting[] {
    const { devices = [], ...limits } = resources;
    const wanted = limitSettings(limits, limits.blockIO ? this.#blkioPrefix() : 'blkio');
    const supported = wanted.filter(({ controller, file }) => {
      const root = this.#byController.get(controller)?.directory;
      return root !== undefined && this.#exists(`${root}/${witnesses[file] ?? file}`);
    });
    return this.#byController.has('devices') ? [...supported, ...deviceSettings(devices)] : supported;
  }

  /** Which files the kernel has does not change. */
  #exists(path: string): boolean {
    const known = this.#files.get(path) ?? this.#host.read(path) !== null;
    this.#files.set(path, known);
    return known;
  }

  #settings(path: string, resources: LinuxResources): Operation[] {
    return this.#possible(resources)
      .filter(({ file, data }) => !(data === 'max' || (data === '-1' && file.startsWith('memory.'))))
      .map(({ controller, file, data }) => write(`${this.directory(controller, path)}/${file}`, data));
  }

  join(path: string): Operation[] {
    return this.#directories(path).map(
      (directory): Operation => ({ op: 'write-pid', side: 'host', path: `${directory}/cgroup.procs` }),
    );
  }

  /**
   * A single thread that moves itself ("0" in `tasks`) takes no lock; every other move waits for an RCU grace period of
   * 5 to 20 ms (cgroup_procs_write_start in kernel/cgroup/cgroup.c, since Linux 5.5).
   */
  joinSelf(path: string): Operation[] {
    return this.#directories(path).map(
      (directory): Operation => ({ op: 'write-pid', side: 'inside', path: `${directory}/tasks` }),
    );
  }

  enter(path: string): Operation[] {
    return this.#directories(path).map((directory) => write(`${directory}/tasks`, '0'));
  }

  cloneInto(): string {
    return '';
  }

  mount(path: string, options: { namespace: boolean; readonly: boolean }): Operation[] {
    return v1Mounts(this.#host.hierarchies, path, options);
  }

  warnings(resources: LinuxResources): string[] {
    this.#features ??= probeFeatures((controller) => this.directory(controller, ''));
    return limitWarnings(resources, this.#features);
  }

  async update(path: string, resources: LinuxResources): Promise<void> {
    const settings = this.#possible({ ...resources, devices: [] });
    const attempt = ({ controller, file, data }: Setting) =>
      writeControl(`${this.directory(controller, path)}/${file}`, data);
    const late: Setting[] = [];
    for (const setting of settings) {
      try {
        attempt(setting);
      } catch (error) {
        // Raising memory above memory+swap, which is raised only after it: then the other way round.
        if (setting.file !== 'memory.limit_in_bytes' || !isErrno(error, 'EINVAL')) throw error;
        late.push(setting);
      }
    }
    for (const setting of late) attempt(setting);
  }

  async freeze(path: string, frozen: boolean): Promise<void> {
    const directory = this.directory('freezer', path);
    if (directory === null) throw new Error('this host has no freezer cgroup controller');
    const file = `${directory}/freezer.state`;
    const state = frozen ? 'FROZEN' : 'THAWED';
    // v1 tells no one when it is done, and wants to be told again about tasks that were just being born.
    const done = await until(() => {
      writeControl(file, state);
      return readControl(file) === state;
    }, FREEZE_DEADLINE);
    if (done) return;
    if (frozen) writeControl(file, 'THAWED');
    throw new Error(`unable to freeze cgroup ${path}`);
  }

  async pids(path: string): Promise<number[]> {
    const directory = this.#directories(path)[0];
    return directory ? sorted(groupsBeneath(directory).flatMap(readPids)) : [];
  }

  async kill(path: string): Promise<void> {
    const freezer = this.directory('freezer', path);
    const set = (state: 'FROZEN' | 'THAWED') => {
      if (freezer && readControl(`${freezer}/freezer.state`) !== state && hasControl(freezer))
        writeControl(`${freezer}/freezer.state`, state);
    };
    await killAll(() => this.pids(path), { freeze: () => set('FROZEN'), thaw: () => set('THAWED') });
  }

  async stats(path: string): Promise<CgroupStats> {
    return readStats((controller) => this.directory(controller, path) ?? '');
  }

  memoryDirectory(path: string): string {
    return this.directory('memory', path) ?? '';
  }

  async remove(path: string): Promise<void> {
    await Promise.all(this.#directories(path).map(removeGroup));
  }
}

/** Files that the top of a hierarchy does not have, and one there of the same origin. */
const witnesses: Readonly<Record<string, string>> = {
  'pids.max': 'cgroup.procs',
  'blkio.bfq.weight': 'blkio.bfq.io_service_bytes',
  'blkio.bfq.weight_device': 'blkio.bfq.io_service_bytes',
};

const mkdir = (path: string): Operation => ({ op: 'mkdir', side: 'host', path, mode: 0o755 });
const write = (path: string, data: string): Operation => ({ op: 'write', side: 'host', path, data });

const sorted = (pids: number[]) => [...new Set(pids)].sort((a, b) => a - b);

/** /a/b/c -> /a, /a/b */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
