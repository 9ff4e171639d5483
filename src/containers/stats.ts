/** docker stats and top: what a container uses, read from the host's side only (CVE-2022-1227). */
import { totalmem } from 'node:os';
import { conflict } from '../lib/errors.ts';
import { cpuUsage } from '../linux/host.ts';
import { networkCounters } from '../linux/procfs.ts';
import { ps } from '../linux/ps.ts';
import { type Context, emitContainer } from './context.ts';
import type { StatsSample } from './model.ts';
import { cgroupsPath } from './spec.ts';
import { isAlive } from './state.ts';
import { joinedContainer } from './validate-modes.ts';

export async function sample(context: Context, ref: string): Promise<StatsSample | null> {
  const container = context.store.find(ref);
  const { state, hostConfig } = container;
  if (!isAlive(state)) return null;
  const usage = await context.cgroups.stats(cgroupsPath(container));
  const { system, online } = cpuUsage();
  const own = hostConfig.networkMode !== 'host' && joinedContainer(hostConfig.networkMode) === null;
  return {
    read: Date.now(),
    cgroupVersion: context.cgroups.version,
    cpu: { ...usage.cpu, system, online },
    // No limit is the machine's, as Docker shows it.
    memory: { ...usage.memory, limit: Math.min(usage.memory.limit || totalmem(), totalmem()) },
    pids: usage.pids,
    io: usage.io,
    networks: own ? networkCounters(state.process.pid) : {},
  };
}

export async function top(
  context: Context,
  ref: string,
  psArgs: string,
): Promise<{ titles: string[]; processes: string[][] }> {
  const container = context.store.find(ref);
  if (container.state.status === 'restarting')
    throw conflict(`container ${ref} is restarting, wait until the container is running`);
  if (!isAlive(container.state)) throw conflict(`container ${container.id} is not running`);
  const pids = await context.cgroups.pids(cgroupsPath(container));
  const table = await ps(pids, psArgs);
  emitContainer(context, container, 'top');
  return table;
}

/** Bytes in the writable layer, and with all layers below. */
export async function size(context: Context, ref: string): Promise<{ writable: number; root: number }> {
  const container = context.store.find(ref);
  const { bytes } = await context.snapshotter.usage(container.id);
  const parents = new Map(context.snapshotter.list().map(({ key, parent }) => [key, parent]));
  let root = bytes;
  for (let key = parents.get(container.id); key !== undefined && key !== null; key = parents.get(key))
    root += (await context.snapshotter.usage(key)).bytes;
  return { writable: bytes, root };
}
