/** cgroup v2: one directory with the files of all controllers, enabled from the top down in cgroup.subtree_control. */

import {
  groupsBeneath,
  hasControl,
  readControl,
  readPids,
  readTable,
  removeGroup,
  until,
  writeControl,
} from '../../linux/cgroupfs.ts';
import { MS } from '../../linux/flags.ts';
import type { Operation } from '../../linux/operations.ts';
import type { LinuxResources } from '../../oci/runtime.ts';
import type { CgroupStats, Cgroups } from '../model.ts';
import { deviceProgram } from './device-program.ts';
import { killAll } from './kill.ts';
import type { Setting } from './v1-limits.ts';
import { ioWeightFile, type V2Host } from './v2-host.ts';
import { unifiedSettings } from './v2-limits.ts';
import { readUnifiedStats } from './v2-stats.ts';
import { limitWarnings } from './warnings.ts';

const MOUNT_POINT = '/sys/fs/cgroup';
const DEADLINE = 10_000;
const wanted = ['cpuset', 'cpu', 'io', 'memory', 'pids', 'hugetlb'];

export class CgroupsV2 implements Cgroups {
  readonly version = 2;
  readonly driver = 'cgroupfs';
  readonly controllers: ReadonlySet<string>;
  readonly #host: V2Host;
  readonly #available: ReadonlySet<string>;
  readonly #ready = new Set<string>();

  constructor(host: V2Host) {
    this.#host = host;
    const names = (host.read(`${host.directory}/cgroup.controllers`) ?? '').split(' ');
    this.#available = new Set(names.filter((name) => name !== ''));
    // The freezer is part of every v2 group, and devices are decided by an eBPF program.
    this.controllers = new Set([...this.#available, 'freezer', 'devices']);
  }

  #directory(path: string): string {
    return this.#host.directory + path;
  }

  create(path: string, resources: LinuxResources): Operation[] {
    const directory = this.#directory(path);
    const program = deviceProgram(resources.devices ?? [{ allow: true }]);
    return [
      ...this.#parents(path),
      mkdir(directory),
      ...this.#possible(resources)
        .filter(({ data }) => data !== 'max')
        .map(({ file, data }) => write(`${directory}/${file}`, data)),
      ...(program ? [deviceFilter(directory, program)] : []),
    ];
  }

  /** A group has the controllers that its parent hands down; the first container turns them on for all that follow. */
  #parents(path: string): Operation[] {
    const parents = ancestors(path);
    const direct = parents.at(-1) ?? '';
    if (this.#ready.has(direct)) return [];
    const needed = wanted.filter((name) => this.#available.has(name));
    const operations = parents.flatMap((parent) => {
      const directory = this.#directory(parent);
      const enabled = this.#host.read(`${directory}/cgroup.subtree_control`);
      const missing = needed.filter((name) => !enabled?.split(' ').includes(name));
      return [
        ...(enabled === null ? [mkdir(directory)] : []),
        ...(missing.length > 0
          ? [write(`${directory}/cgroup.subtree_control`, missing.map((name) => `+${name}`).join(' '))]
          : []),
      ];
    });
    if (operations.length === 0) this.#ready.add(direct);
    return operations;
  }

  #possible(resources: LinuxResources): Setting[] {
    const weight = resources.blockIO ? ioWeightFile(this.#host) : null;
    const explicit = new Set(Object.keys(resources.unified ?? {}));
    return unifiedSettings(resources, weight).filter(
      ({ controller, file }) => explicit.has(file) || this.#available.has(controller),
    );
  }

  join(): Operation[] {
    return [];
  }

  joinSelf(): Operation[] {
    return [];
  }

  enter(): Operation[] {
    return [];
  }

  /**
   * A group that hands controllers down may hold no processes itself. Where a container did that (systemd, an engine in it),
   * its process 1 is in a group beneath, and so is what follows it.
   */
  cloneInto(path: string, pid?: number): string {
    const directory = this.#directory(path);
    if (pid === undefined || !this.#host.read(`${directory}/cgroup.subtree_control`)) return directory;
    const own = /^0::(.+)$/m.exec(this.#host.read(`/proc/${pid}/cgroup`) ?? '')?.[1] ?? '';
    return own.startsWith(`${path}/`) ? this.#directory(own) : directory;
  }

  /** In a cgroup namespace the file system shows the namespace's root; without one the whole tree, as Docker's does. */
  mount(_path: string, { readonly }: { namespace: boolean; readonly: boolean }): Operation[] {
    const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC | (readonly ? MS.RDONLY : 0);
    return [
      {
        op: 'mount',
        side: 'inside',
        source: 'cgroup',
        target: MOUNT_POINT,
        fstype: 'cgroup2',
        flags,
        data: '',
        copyUp: false,
      },
    ];
  }

  warnings(resources: LinuxResources): string[] {
    const has = (name: string) => this.#available.has(name);
    const weight = resources.blockIO ? ioWeightFile(this.#host) : null;
    return limitWarnings(resources, {
      memory: has('memory'),
      // Not at the top of the tree; true on every kernel with swap accounting, which v2 always has.
      swap: has('memory'),
      reservation: has('memory'),
      swappiness: false,
      oomKillDisable: false,
      cpuShares: has('cpu'),
      cpuQuota: has('cpu'),
      cpuset: has('cpuset'),
      pids: has('pids'),
      ioWeight: weight !== null,
      ioWeightDevice: weight !== null,
      ioThrottle: has('io'),
    });
  }

  async update(path: string, resources: LinuxResources): Promise<void> {
    const directory = this.#directory(path);
    for (const { file, data } of this.#possible(resources)) writeControl(`${directory}/${file}`, data);
  }

  async freeze(path: string, frozen: boolean): Promise<void> {
    const directory = this.#directory(path);
    writeControl(`${directory}/cgroup.freeze`, frozen ? '1' : '0');
    const state = frozen ? 1 : 0;
    if (await until(() => readTable(`${directory}/cgroup.events`).frozen === state, DEADLINE)) return;
    if (frozen) writeControl(`${directory}/cgroup.freeze`, '0');
    throw new Error(`unable to freeze cgroup ${path}`);
  }

  async pids(path: string): Promise<number[]> {
    const pids = groupsBeneath(this.#directory(path)).flatMap(readPids);
    return pids.sort((a, b) => a - b);
  }

  /** cgroup.kill (Linux 5.14) reaches everything at once, also what is just being forked. */
  async kill(path: string): Promise<void> {
    const directory = this.#directory(path);
    if (!hasControl(directory)) return;
    if (!hasControl(`${directory}/cgroup.kill`)) return this.#killEach(path);
    writeControl(`${directory}/cgroup.kill`, '1');
    const empty = () => (readTable(`${directory}/cgroup.events`).populated ?? 0) === 0;
    if (!(await until(empty, DEADLINE))) throw new Error(`processes of cgroup ${path} do not die`);
  }

  #killEach(path: string): Promise<void> {
    const set = (state: '0' | '1') => {
      const file = `${this.#directory(path)}/cgroup.freeze`;
      if (readControl(file) !== state && hasControl(file)) writeControl(file, state);
    };
    return killAll(() => this.pids(path), { freeze: () => set('1'), thaw: () => set('0') });
  }

  async stats(path: string): Promise<CgroupStats> {
    return readUnifiedStats(this.#directory(path));
  }

  memoryDirectory(path: string): string {
    return this.#available.has('memory') ? this.#directory(path) : '';
  }

  async remove(path: string): Promise<void> {
    await removeGroup(this.#directory(path));
  }
}

const mkdir = (path: string): Operation => ({ op: 'mkdir', side: 'host', path, mode: 0o755 });
const write = (path: string, data: string): Operation => ({ op: 'write', side: 'host', path, data });
const deviceFilter = (path: string, program: Uint8Array): Operation => ({
  op: 'device-filter',
  side: 'host',
  path,
  program,
});

/** /a/b/c -> "", /a, /a/b: the top of the tree too has to hand its controllers down. */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, index) => (index === 0 ? '' : `/${parts.slice(0, index).join('/')}`));
}
