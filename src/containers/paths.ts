/** Where a container's files are. Only branded ids become paths. */
import { join } from 'node:path';
import type { ContainerId } from '../lib/ids.ts';

export interface ContainerPaths {
  /** <data-root>/containers/<id>: survives a reboot. */
  directory: string;
  hostname: string;
  hosts: string;
  resolvConf: string;
  log: string;
  exit: string;
  /** <exec-root>/containers/<id>: what belongs to one run. */
  run: string;
  state: string;
  rootfs: string;
  /** Unix socket paths are short (108 bytes), hence half an id. */
  socket: string;
}

export class Paths {
  constructor(
    readonly dataRoot: string,
    readonly execRoot: string,
  ) {}

  get containers(): string {
    return join(this.dataRoot, 'containers');
  }
  get runs(): string {
    return join(this.execRoot, 'containers');
  }
  get sockets(): string {
    return join(this.execRoot, 'shim');
  }

  /** Where shims ask for names. */
  get names(): string {
    return join(this.execRoot, 'names.sock');
  }

  of(id: ContainerId): ContainerPaths {
    const directory = `${this.containers}/${id}`;
    const run = `${this.runs}/${id}`;
    return {
      directory,
      hostname: `${directory}/hostname`,
      hosts: `${directory}/hosts`,
      resolvConf: `${directory}/resolv.conf`,
      log: `${directory}/${id}-json.log`,
      exit: `${directory}/exit.json`,
      run,
      state: `${run}/state.json`,
      rootfs: `${run}/rootfs`,
      socket: `${this.sockets}/${id.slice(0, 32)}.sock`,
    };
  }
}
