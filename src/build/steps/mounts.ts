/** `RUN --mount`: what each means for the process, and for what the step is told apart by. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountPoint } from '../../containers/model.ts';
import { invalid } from '../../lib/errors.ts';
import { digestOf } from '../../lib/ids.ts';
import type { Agents } from '../agents.ts';
import type { KeyPart } from '../cache/key.ts';
import { planCopy, wholeTree } from '../copy/plan.ts';
import { absolute, findSources, notInContext } from '../copy/sources.ts';
import type { Mount } from '../dockerfile/dockerfile.ts';
import { place } from '../files/place.ts';
import type { SourceTree } from '../files/tree.ts';
import type { BuildParts } from '../parts.ts';
import type { CacheDirectories, WantedCache } from './cache-directories.ts';
import { cacheMount, wantedCache } from './cache-mount.ts';
import { bindPoint, blankPoint } from './mount-point.ts';
import { sshMount, sshTarget } from './ssh-mount.ts';
import { snapshotPrefix } from './write-layer.ts';

/** Where a mount's files come from: the build context or another directory, or finished layers. */
export type MountSource =
  | Extract<SourceTree, { kind: 'directory' }>
  | { kind: 'layers'; chain: string | null };

export interface MountNeeds {
  parts: BuildParts;
  caches: CacheDirectories;
  secrets: ReadonlyMap<string, Uint8Array>;
  agents: Agents;
  /** Working directory of the step. */
  workingDir: string;
  /** null = the build context. */
  source: (from: string | null) => Promise<MountSource>;
  signal: AbortSignal;
}

/** What the process gets; valid until the stack of `realize` is disposed. */
export interface StepMounts {
  points: MountPoint[];
  /** "name=value" of secrets, and where the SSH agent is. */
  env: string[];
}

/** Absolute, in the container. */
export function targetOf(target: string, workingDir: string): string {
  const path = absolute(target.startsWith('/') ? target : `${workingDir}/${target}`);
  if (path === '/') throw invalid('invalid mount target "/"');
  return path;
}

/** What the result of the step depends on. A secret's value and what a cache holds are no part of it. */
export async function identityOf(mount: Mount, needs: MountNeeds): Promise<KeyPart> {
  switch (mount.type) {
    case 'bind': {
      const { target, source, readOnly } = mount;
      const from = await needs.source(mount.from);
      const content = from.kind === 'layers' ? from.chain : await contentOf(from, source, needs.signal);
      return ['bind', targetOf(target, needs.workingDir), source, readOnly, content];
    }
    case 'cache': {
      const { id, sharing, readOnly, mode, uid, gid } = mount;
      const { seed } = await wantedCache(mount, needs);
      return ['cache', targetOf(mount.target, needs.workingDir), id, sharing, readOnly, mode, uid, gid, seed];
    }
    case 'tmpfs':
      return ['tmpfs', targetOf(mount.target, needs.workingDir), mount.size];
    case 'secret':
      return ['secret', mount.id, mount.target, mount.env, mount.mode, mount.uid, mount.gid];
    case 'ssh':
      return ['ssh', mount.id, mount.target];
    default:
      return mount satisfies never;
  }
}

async function contentOf(tree: SourceTree, path: string, signal: AbortSignal): Promise<KeyPart> {
  const sources = await findSources(tree, [path], { missing: notInContext, signal });
  return planCopy(sources, wholeTree).identity;
}

export async function realize(
  mounts: readonly Mount[],
  needs: MountNeeds,
  stack: AsyncDisposableStack,
): Promise<StepMounts> {
  const result: StepMounts = { points: [], env: [] };
  const caches = new Map<Mount, WantedCache>();
  for (const mount of mounts) if (mount.type === 'cache') caches.set(mount, await wantedCache(mount, needs));
  await needs.caches.lock([...caches.values()], needs.signal, stack);
  for (const mount of mounts) {
    const wanted = caches.get(mount);
    if (mount.type === 'bind') result.points.push(await bind(mount, needs, stack));
    else if (wanted !== undefined) {
      const destination = targetOf(wanted.mount.target, needs.workingDir);
      result.points.push(await cacheMount(wanted, destination, needs, stack));
    } else if (mount.type === 'tmpfs') result.points.push(tmpfs(mount, needs));
    else if (mount.type === 'secret') secret(mount, needs, stack, result);
  }
  await lendAgents(mounts, needs, stack, result);
  return result;
}

async function lendAgents(
  mounts: readonly Mount[],
  needs: MountNeeds,
  stack: AsyncDisposableStack,
  result: StepMounts,
): Promise<void> {
  const { execDirectory } = needs.parts;
  for (const [index, mount] of mounts.filter((mount) => mount.type === 'ssh').entries()) {
    const destination = targetOf(sshTarget(mount, index), needs.workingDir);
    const point = await sshMount(mount, destination, { ...needs, execDirectory }, stack);
    if (point !== null) result.points.push(point);
    if (index === 0 && point !== null) result.env.push(`SSH_AUTH_SOCK=${destination}`);
  }
}

async function bind(
  mount: Extract<Mount, { type: 'bind' }>,
  needs: MountNeeds,
  stack: AsyncDisposableStack,
): Promise<MountPoint> {
  const destination = targetOf(mount.target, needs.workingDir);
  const from = await needs.source(mount.from);
  const subpath = absolute(mount.source).slice(1);
  if (from.kind === 'directory' && mount.readOnly) return { ...bindPoint(from.path, destination), subpath };
  // What is written there is thrown away with the snapshot.
  const snapshot = `${snapshotPrefix}${randomBytes(16).toString('hex')}`;
  // The container takes it along when it goes, if there ever is one.
  stack.defer(() => needs.parts.snapshotter.remove(snapshot));
  await needs.parts.snapshotter.prepare(snapshot, from.kind === 'layers' ? from.chain : null);
  if (from.kind === 'directory') await copyWhole(from, snapshot, needs);
  return {
    ...blankPoint,
    type: 'image',
    source: '',
    destination,
    propagation: '',
    readWrite: !mount.readOnly,
    image: { id: digestOf(''), snapshot },
    ...(subpath !== '' && { subpath }),
  };
}

async function copyWhole(from: SourceTree, snapshot: string, { parts, signal }: MountNeeds): Promise<void> {
  const sources = await findSources(from, ['/'], { missing: notInContext, signal });
  const { records } = planCopy(sources, wholeTree);
  await place(from, { kind: 'snapshot', mounts: parts.snapshotter.mounts(snapshot) }, records, { signal });
}

function tmpfs(mount: Extract<Mount, { type: 'tmpfs' }>, { workingDir }: MountNeeds): MountPoint {
  const destination = targetOf(mount.target, workingDir);
  return {
    ...blankPoint,
    type: 'tmpfs',
    source: '',
    destination,
    propagation: '',
    readWrite: true,
    request: {
      type: 'tmpfs',
      source: '',
      target: destination,
      readOnly: false,
      consistency: '',
      tmpfs: { sizeBytes: mount.size ?? 0, mode: 0, options: [] },
    },
  };
}

function secret(
  mount: Extract<Mount, { type: 'secret' }>,
  { parts, secrets }: MountNeeds,
  stack: AsyncDisposableStack,
  result: StepMounts,
): void {
  const value = secrets.get(mount.id);
  if (value === undefined) {
    if (mount.required) throw invalid(`secret ${mount.id}: not found`);
    return;
  }
  if (mount.env !== null) result.env.push(`${mount.env}=${Buffer.from(value).toString()}`);
  if (mount.target === null) return;
  const source = secretFile(parts.execDirectory, value, stack);
  chownSync(source, mount.uid ?? 0, mount.gid ?? 0);
  chmodSync(source, mount.mode ?? 0o400);
  const destination = targetOf(mount.target, '/run/secrets');
  result.points.push(bindPoint(source, destination));
}

/** On the exec root, which is a tmpfs on any usual host. */
function secretFile(directory: string, value: Uint8Array, stack: AsyncDisposableStack): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, randomBytes(16).toString('hex'));
  writeFileSync(path, value, { mode: 0o400, flag: 'wx' });
  stack.defer(() => rmSync(path, { force: true }));
  return path;
}
