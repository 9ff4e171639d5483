/** Mount points of a build's process, as the containers noun has them. */
import type { MountPoint } from '../../containers/model.ts';

export const blankPoint = { name: '', driver: '', mode: '', readWrite: false } as const;

/** Something of the host, read-only. `destination`: absolute, in the container. */
export const bindPoint = (source: string, destination: string): MountPoint => ({
  ...blankPoint,
  type: 'bind',
  source,
  destination,
  propagation: 'rprivate',
});
