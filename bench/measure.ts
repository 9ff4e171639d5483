/** Times of whole processes, and what the kernel says of their memory. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Milliseconds from spawn to exit. A command that fails is an error: a fast failure is no figure. */
export function time(argv: string[]): number {
  const before = performance.now();
  const result = Bun.spawnSync(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const after = performance.now();
  if (result.exitCode !== 0)
    throw new Error(`${argv.join(' ')} left with ${result.exitCode}: ${result.stderr}`);
  return after - before;
}

export function output(argv: string[]): string {
  const result = Bun.spawnSync(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  if (result.exitCode !== 0)
    throw new Error(`${argv.join(' ')} left with ${result.exitCode}: ${result.stderr}`);
  return result.stdout.toString().trim();
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

export interface Cost {
  milliseconds: number;
  /** The most memory that the daemon had meanwhile, in MiB of resident pages; null without one. */
  peak: number | null;
}

/** `daemon`: its pid, or null. Nothing that was written before is still on its way to the disk. */
export function cost(argv: string[], daemon: number | null): Cost {
  Bun.spawnSync(['sync']);
  // proc(5): 5 resets the peak.
  if (daemon !== null) writeFileSync(`/proc/${daemon}/clear_refs`, '5');
  const before = performance.now();
  const result = Bun.spawnSync(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const milliseconds = performance.now() - before;
  if (result.exitCode !== 0) throw new Error(result.stderr.toString().trim());
  return { milliseconds, peak: daemon === null ? null : highWater(daemon) };
}

function highWater(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}

/** Proportional set size in KiB: what the process alone costs. */
export function pss(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN);
}
