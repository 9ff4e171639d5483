/** A further process in a running container. */
import { CLONE } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import type { Process, Spec } from '../oci/runtime.ts';
import type { ExecTarget } from './model.ts';
import { keyringName } from './plan.ts';
import { joinFlags } from './plan-namespaces.ts';
import { planConsole, planExecve, planIdentity } from './plan-process.ts';

/**
 * The host side runs in a child of the shim made for this exec: it enters the container's cgroups and namespaces, and
 * the clone after that is born in all of them. The cgroups come before `join`, which takes the host's paths away.
 */
export function planExec(spec: Spec, process: Process, target: ExecTarget): Operation[] {
  const { pid, startTime, cgroups, cgroupPath } = target;
  const flags = joinFlags(spec.linux ?? {});
  const enterCgroupNamespace: Operation = {
    op: 'join',
    side: 'inside',
    pid,
    startTime,
    flags: CLONE.NEWCGROUP,
  };
  return [
    ...cgroups.enter(cgroupPath),
    { op: 'join', side: 'host', pid, startTime, flags: flags & ~CLONE.NEWCGROUP },
    { op: 'clone', side: 'host', flags: 0, cgroup: cgroups.cloneInto(cgroupPath, pid) },
    // Last: from inside of its namespace (nsdelegate) there would be no way into the cgroup.
    ...(flags & CLONE.NEWCGROUP ? [enterCgroupNamespace] : []),
    ...planConsole(process),
    ...planIdentity(process, keyringName(spec), { createCwd: false }),
    ...planExecve(process, spec.linux?.seccomp),
  ];
}
