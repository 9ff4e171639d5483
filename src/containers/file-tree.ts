/**
 * How gantry-init gets at a container's files. Of a container that runs: its own mounts, in a copy of its mount namespace, so
 * what is mounted later does not matter. Of another: its snapshot with its volumes and binds, put together in a mount namespace
 * that exists for the moment; the container's lock is held, for a snapshot must not be mounted twice.
 */
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import type { ContainerId } from '../lib/ids.ts';
import { CLONE, MS } from '../linux/flags.ts';
import type { Operation } from '../linux/operations.ts';
import { rootOperations } from '../linux/root-mount.ts';
import type { Mount } from '../oci/runtime.ts';
import { planMount, readonlyRoot } from '../runtime/plan-mounts.ts';
import type { Context } from './context.ts';
import { hostFacts } from './facts.ts';
import { viewsOf, withViewPaths } from './image-views.ts';
import type { Container } from './model.ts';
import type { SpecFacts } from './spec.ts';
import { userMounts } from './spec-binds.ts';
import { isAlive } from './state.ts';
import { mountVolumes, unmountVolumes } from './volume-mounts.ts';

export interface FileTree extends AsyncDisposable {
  /** Performed first, in a process that then becomes gantry-init's program; null: nothing needs to be. */
  operations: Operation[] | null;
  /** The program's arguments: directory and options (native/confine.h). */
  args: string[];
}

/** `mounts`: with everything mounted beneath the root, or the root alone. */
export async function openFileTree(
  context: Context,
  id: ContainerId,
  { mounts }: { mounts: boolean },
): Promise<FileTree> {
  const submounts = mounts ? ['--submounts'] : [];
  const running = ofRunning(context.store.byId(id), submounts);
  if (running !== null) return running;
  await using stack = new AsyncDisposableStack();
  stack.use(await context.locks.take(id));
  // Meanwhile it may have been started, or removed.
  const container = context.store.byId(id);
  const started = ofRunning(container, submounts);
  if (started !== null) return started;
  const operations = await assemble(context, container, mounts, stack);
  const release = stack.move();
  return {
    operations,
    args: [context.paths.of(id).rootfs, ...submounts],
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
}

/** As in Docker, what the engine itself mounts is not among the files: the image's directories are there instead. */
const systemMounts = ['/dev', '/proc', '/sys'];

function ofRunning({ state, mounts }: Container, submounts: string[]): FileTree | null {
  if (!isAlive(state)) return null;
  const { pid, startTime } = state.process;
  const hidden = systemMounts.filter((path) => !mounts.some(({ destination }) => destination === path));
  const hide = submounts.length === 0 ? [] : hidden.flatMap((path) => ['--hide', path]);
  return {
    operations: null,
    args: ['/', '--process', `${pid}:${startTime}`, ...submounts, ...hide],
    [Symbol.asyncDispose]: async () => {},
  };
}

const inside = 'inside';

async function assemble(
  context: Context,
  container: Container,
  mounts: boolean,
  stack: AsyncDisposableStack,
): Promise<Operation[]> {
  const { run, rootfs } = context.paths.of(container.id);
  const views = mounts ? viewsOf(context, container) : [];
  makeDirectories([run, rootfs, ...views.map(({ path }) => path)], stack);
  const roots = [{ root: context.snapshotter.mounts(container.id), path: rootfs }, ...views].map(
    ({ root, path }) => rootOperations(root, path, inside),
  );
  const own = mounts ? await ownMounts(context, container, stack) : [];
  return [
    ...roots.flatMap(({ server }) => server),
    { op: 'clone', side: 'host', flags: CLONE.NEWNS, cgroup: '' },
    { op: 'propagation', side: inside, path: '/', flags: MS.PRIVATE | MS.REC },
    ...roots.map(({ mount }) => mount),
    { op: 'root', side: inside, path: rootfs },
    ...own.flatMap(planMount),
    ...(container.hostConfig.readonlyRootfs ? [readonlyRoot] : []),
  ];
}

/** Mount points for the moment. */
function makeDirectories(paths: readonly string[], stack: AsyncDisposableStack): void {
  for (const path of paths) {
    if (existsSync(path)) continue;
    mkdirSync(path, { recursive: true, mode: 0o711 });
    stack.defer(() => rmdirSync(path));
  }
}

const depth = ({ destination }: Mount) => destination.split('/').filter((part) => part !== '').length;

/** Volumes, binds, images and the files of the engine; a tmpfs begins empty at each start and is none of the files. */
async function ownMounts(
  context: Context,
  container: Container,
  stack: AsyncDisposableStack,
): Promise<Mount[]> {
  stack.defer(() => unmountVolumes(context, container.id));
  const mounted = withViewPaths(context, { ...container, mounts: await mountVolumes(context, container) });
  const binds = userMounts(mounted, factsOfMounts(context)).filter(({ type }) => type === 'bind');
  const engine = engineFiles(container).filter(
    ({ destination }) => !binds.some((bind) => bind.destination === destination),
  );
  return [...binds, ...engine].sort((a, b) => depth(a) - depth(b));
}

/** Devices and joined containers do not matter here, and may be gone. */
const factsOfMounts = ({ cgroups }: Context): SpecFacts => ({
  ...hostFacts(),
  rootPath: '',
  cgroupVersion: cgroups.version,
  joined: {},
  hostDevices: [],
  devices: new Map(),
  blockDevices: new Map(),
  initPath: '',
  initDefault: false,
});

function engineFiles({ files, hostConfig }: Container): Mount[] {
  const options = ['bind', 'rprivate', ...(hostConfig.readonlyRootfs ? ['ro'] : [])];
  return [
    { destination: '/etc/resolv.conf', source: files.resolvConf },
    { destination: '/etc/hostname', source: files.hostname },
    { destination: '/etc/hosts', source: files.hosts },
  ]
    .filter(({ source }) => source !== '' && existsSync(source))
    .map((mount) => ({ ...mount, type: 'bind', options }));
}
