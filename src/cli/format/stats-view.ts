/** Columns of `stats`, from two readings of a container's counters. */
import type { ContainerStats } from '../../api/types/stats.ts';
import { binarySize, shortId, shortSize } from './units.ts';
import type { View } from './view.ts';

export interface StatsRow {
  id: string;
  name: string;
  /** What the user named, or the id. */
  asked: string;
  /** null until the first reading, and when the container does not run. */
  stats: ContainerStats | null;
}

export function statsView(full: boolean): View<StatsRow> {
  const shown = (show: (stats: ContainerStats) => string, none: string) => (row: StatsRow) =>
    row.stats ? show(row.stats) : none;
  return {
    typeName: '*container.statsContext',
    table: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
    columns: [
      { name: 'Container', title: 'CONTAINER', value: (row) => row.asked },
      { name: 'ID', title: 'CONTAINER ID', value: (row) => (full ? row.id : shortId(row.id)) },
      { name: 'Name', title: 'NAME', value: (row) => row.name || '--' },
      { name: 'CPUPerc', title: 'CPU %', value: shown((stats) => percent(cpuPercent(stats)), '--') },
      { name: 'MemUsage', title: 'MEM USAGE / LIMIT', value: shown(memory, '-- / --') },
      { name: 'MemPerc', title: 'MEM %', value: shown((stats) => percent(memoryPercent(stats)), '--') },
      { name: 'NetIO', title: 'NET I/O', value: shown(network, '--') },
      { name: 'BlockIO', title: 'BLOCK I/O', value: shown(block, '--') },
      { name: 'PIDs', title: 'PIDS', value: shown((stats) => String(stats.pids_stats?.current ?? 0), '--') },
    ],
  };
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** Share of one CPU in percent, between the two readings. */
export function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const used = now.cpu_usage.total_usage - (before?.cpu_usage?.total_usage ?? 0);
  const passed = (now.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const cpus = now.online_cpus || now.cpu_usage.percpu_usage?.length || 1;
  return passed > 0 && used > 0 ? (used / passed) * cpus * 100 : 0;
}

/** Usage without the page cache that the kernel could drop: cgroup v1 `total_inactive_file`, v2 `inactive_file`. */
export function memoryUsed({ memory_stats: memory }: ContainerStats): number {
  const usage = memory.usage ?? 0;
  const cache = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  return cache < usage ? usage - cache : usage;
}

function memoryPercent(stats: ContainerStats): number {
  const limit = stats.memory_stats.limit ?? 0;
  return limit === 0 ? 0 : (memoryUsed(stats) / limit) * 100;
}

function memory(stats: ContainerStats): string {
  return `${binarySize(memoryUsed(stats))} / ${binarySize(stats.memory_stats.limit ?? 0)}`;
}

function network(stats: ContainerStats): string {
  const all = Object.values(stats.networks ?? {});
  const sum = (field: 'rx_bytes' | 'tx_bytes') => all.reduce((total, one) => total + one[field], 0);
  return `${shortSize(sum('rx_bytes'))} / ${shortSize(sum('tx_bytes'))}`;
}

function block(stats: ContainerStats): string {
  const entries = stats.blkio_stats?.io_service_bytes_recursive ?? [];
  const sum = (op: string) =>
    entries.filter((entry) => entry.op.toLowerCase() === op).reduce((total, entry) => total + entry.value, 0);
  return `${shortSize(sum('read'))} / ${shortSize(sum('write'))}`;
}
