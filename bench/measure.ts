/** Times of whole processes, and what the kernel says of their memory. */
import { readFileSync } from 'node:fs';

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

/** Proportional set size in KiB: what the process alone costs. */
export function pss(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN);
}
