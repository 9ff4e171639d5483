/** Propagation of a bind needs a source that propagates: Docker's check and texts (moby daemon/oci_linux.go ensureShared). */
import { invalid } from '../lib/errors.ts';
import { type MountEntry, mountOf } from '../linux/mountinfo.ts';
import type { MountPoint } from './model.ts';
import { propagationOf } from './volume-spec.ts';

/** A bind of the data root is `rslave` although nobody said so: there it means as much as the source can give. */
const wantsPeers = ({ propagation, mode, request }: MountPoint) =>
  /^r?shared$/.test(propagation) ||
  (/^r?slave$/.test(propagation) && propagation === (request?.bind?.propagation ?? propagationOf(mode)));

/** `real` resolves symlinks of a host path; `mounts` reads /proc/self/mountinfo, only when a bind asks for it. */
export function checkPropagation(
  points: readonly MountPoint[],
  mounts: () => readonly MountEntry[],
  real: (path: string) => string,
): void {
  const asking = points.filter(wantsPeers);
  if (asking.length === 0) return;
  const entries = mounts();
  for (const { source, propagation } of asking) {
    const mount = mountOf(real(source), entries);
    const tags = mount?.tags ?? [];
    const shared = tags.some((tag) => tag.startsWith('shared:'));
    const slave = tags.some((tag) => tag.startsWith('master:'));
    const where = `path ${source} is mounted on ${mount?.mountPoint ?? '/'} but it is not a shared`;
    if (propagation.endsWith('shared') && !shared) throw invalid(`${where} mount`);
    if (propagation.endsWith('slave') && !shared && !slave) throw invalid(`${where} or slave mount`);
  }
}
