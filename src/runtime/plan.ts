/**
 * OCI spec -> the list of operations that makes the container. Pure: the same input gives the same list.
 *
 *   host    the root's server ─ cgroup directories and limits ─ clone ─ oom score, cgroups, veth ─ signal-child
 *   inside                                   └─ root, mounts, /dev, masks, pivot, user ─ await-host ─ network ─ execve
 *
 * Both sides run at the same time between `clone` and the barrier, which therefore stands as late as possible.
 */
import { CLONE } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import { type RootOperations, rootOperations } from '../linux/root-mount.ts';
import type { Process, Spec } from '../oci/runtime.ts';
import type { Cgroups, PlanInput } from './model.ts';
import { planDev, planMount, planPaths, planReadonlyRoot, planRoot, splitMounts } from './plan-mounts.ts';
import { type NamespacePlan, planNamespaces } from './plan-namespaces.ts';
import { planConsole, planExecve, planIdentity } from './plan-process.ts';

const inside = 'inside';

/** _ses.<id>, as runc names it; the id is the last part of the cgroup path. */
export function keyringName({ linux }: Spec): string {
  const id = linux?.cgroupsPath?.split('/').at(-1) ?? '';
  return id === '' ? '' : `_ses.${id}`;
}

interface Roots {
  root: RootOperations;
  views: readonly RootOperations[];
}

const isUnshared = (operation: Operation) => operation.side === inside;

function planHost(
  input: PlanInput,
  process: Process,
  namespaces: NamespacePlan,
  { root, views }: Roots,
): Operation[] {
  const { spec, cgroups, network } = input;
  const path = spec.linux?.cgroupsPath ?? '';
  const operations: Operation[] = [
    ...[root, ...views].flatMap(({ server }) => server),
    ...(path === '' ? [] : cgroups.create(path, spec.linux?.resources ?? {})),
    ...namespaces.before,
    {
      op: 'clone',
      side: 'host',
      flags: namespaces.cloneFlags,
      cgroup: path === '' ? '' : cgroups.cloneInto(path),
    },
    ...namespaces.after,
  ];
  // Optional: lowering it needs CAP_SYS_RESOURCE. A container that is killed earlier than wished still runs.
  if (process.oomScoreAdj !== undefined)
    operations.push({
      op: 'write-proc',
      side: 'host',
      optional: true,
      name: 'oom_score_adj',
      data: String(process.oomScoreAdj),
    });
  if (path !== '' && namespaces.user) operations.push(...cgroups.join(path));
  operations.push(...network.filter((operation) => !isUnshared(operation)));
  operations.push({ op: 'signal-child', side: 'host' });
  return operations;
}

function planCgroupMounts(
  cgroups: Cgroups,
  spec: Spec,
  namespace: boolean,
): { operations: Operation[]; before: Operation[] } {
  const { before, cgroup, beneath } = splitMounts(spec.mounts ?? []);
  const path = spec.linux?.cgroupsPath ?? '';
  const operations: Operation[] = [];
  if (cgroup && path !== '')
    operations.push(...cgroups.mount(path, { namespace, readonly: cgroup.options?.includes('ro') ?? false }));
  operations.push(...beneath.flatMap(planMount));
  return { operations, before: before.flatMap(planMount) };
}

function planHostname({ hostname, domainname }: Spec): Operation[] {
  const operations: Operation[] = [];
  if (hostname) operations.push({ op: 'hostname', side: inside, name: hostname });
  if (domainname) operations.push({ op: 'domainname', side: inside, name: domainname });
  return operations;
}

function planSysctls({ linux }: Spec): Operation[] {
  return Object.entries(linux?.sysctl ?? {}).map(
    ([name, value]): Operation => ({ op: 'sysctl', side: inside, name, value }),
  );
}

/** Settings of an interface that is only there once the network is; all others can be made while the host still works. */
const ofInterface = /^net\.ipv[46]\.(conf|neigh)\.(?!all\.|default\.|lo\.)/;

function planInside(
  input: PlanInput,
  process: Process,
  namespaces: NamespacePlan,
  { root, views }: Roots,
): Operation[] {
  const { spec, cgroups } = input;
  const path = spec.linux?.cgroupsPath ?? '';
  const mounts = planCgroupMounts(cgroups, spec, namespaces.cgroup);
  const sysctls = planSysctls(spec);
  const late = (operation: Operation) => operation.op === 'sysctl' && ofInterface.test(operation.name);
  const network = [...input.network.filter(isUnshared), ...sysctls.filter(late)];
  const awaitHost: Operation = { op: 'await-host', side: inside };
  const unshare: Operation[] = namespaces.cgroup
    ? [{ op: 'unshare', side: inside, flags: CLONE.NEWCGROUP }]
    : [];
  // A cgroup namespace is rooted where its maker is: on v1 that is only right after the host put the child there.
  const waitsForCgroup =
    namespaces.user && namespaces.cgroup && path !== '' && cgroups.cloneInto(path) === '';
  // Before pivot /proc is the host's own, which no image can have tampered with (CVE-2025-52881).
  const networkBeforePivot = network.some(({ op }) => op === 'sysctl');
  const earlyBarrier = waitsForCgroup || networkBeforePivot;
  return [
    ...(namespaces.user ? [awaitHost] : path === '' ? [] : cgroups.joinSelf(path)),
    ...namespaces.inside,
    ...planRoot(spec, root, input.rootPath),
    ...views.map(({ mount }) => mount),
    ...mounts.before,
    ...planDev(spec, namespaces.user),
    ...planConsole(process),
    ...planHostname(spec),
    ...sysctls.filter((operation) => !late(operation)),
    ...planPaths(spec),
    ...(earlyBarrier && !namespaces.user ? [awaitHost] : []),
    ...unshare,
    ...mounts.operations,
    ...(earlyBarrier ? network : []),
    ...planReadonlyRoot(spec),
    { op: 'pivot', side: inside },
    ...planIdentity(process, keyringName(spec)),
    ...(earlyBarrier || namespaces.user ? [] : [awaitHost]),
    ...(earlyBarrier ? [] : network),
    ...planExecve(process, spec.linux?.seccomp),
  ];
}

/** The whole list, from the first cgroup directory to execve. */
export function planContainer(input: PlanInput): Operation[] {
  const { spec } = input;
  const process = spec.process ?? { user: { uid: 0, gid: 0 }, cwd: '/' };
  const namespaces = planNamespaces(spec.linux ?? {});
  const roots: Roots = {
    root: rootOperations(input.root, input.rootPath, inside),
    views: input.views.map(({ root, path }) => rootOperations(root, path, inside)),
  };
  return [...planHost(input, process, namespaces, roots), ...planInside(input, process, namespaces, roots)];
}
