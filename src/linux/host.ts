/** Facts about the machine: memory, processors, kernel, distribution. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';

/** Fields of /proc/meminfo in bytes: MemTotal, MemAvailable, SwapTotal, … */
export function parseMeminfo(text: string): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const [, name, kib] of text.matchAll(/^(\S+):\s+(\d+) kB$/gm)) {
    if (name !== undefined) fields[name] = Number(kib) * 1024;
  }
  return fields;
}

export function meminfo(): Record<string, number> {
  return parseMeminfo(readFileSync('/proc/meminfo', 'utf8'));
}

const NANOSECONDS_PER_TICK = 10_000_000;

/**
 * System usage as Docker's stats count it: user, nice, system, idle, iowait, irq and softirq of the first line of
 * /proc/stat, in nanoseconds; `online` is the number of processors.
 */
export function parseCpu(text: string): { system: number; online: number } {
  const [first = '', ...rest] = text.split('\n');
  const ticks = first.split(/\s+/).slice(1, 8).map(Number);
  return {
    system: ticks.reduce((sum, value) => sum + value, 0) * NANOSECONDS_PER_TICK,
    online: rest.filter((line) => /^cpu\d/.test(line)).length,
  };
}

export function cpuUsage(): { system: number; online: number } {
  return parseCpu(readFileSync('/proc/stat', 'utf8'));
}

/** Milliseconds since the epoch at which the machine booted (/proc/stat btime). */
export function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0) * 1000;
}

export function kernelVersion(): string {
  return release();
}

/** Whether the kernel is at least `major.minor`. */
export function kernelAtLeast(minimum: string, version = release()): boolean {
  const parse = (text: string) => (/^(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const [major = 0, minor = 0] = parse(version);
  const [wantedMajor = 0, wantedMinor = 0] = parse(minimum);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** os-release(5): PRETTY_NAME, VERSION_ID, ID, … without quotes. */
export function parseOsRelease(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/^([A-Z_0-9]+)=(.*)$/gm)) {
    if (name !== undefined)
      fields[name] = (value ?? '').replace(/^(["'])(.*)\1$/, '$2').replace(/\\(.)/g, '$1');
  }
  return fields;
}

export function osRelease(): Record<string, string> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseOsRelease(readFileSync(path, 'utf8'));
    } catch {
      // The next place that os-release(5) names.
    }
  }
  return {};
}

/** Numbers of a kernel list such as "0-3,8" (cpuset(7), "List format"). Throws RangeError on anything else. */
export function parseCpuList(text: string): number[] {
  const numbers = new Set<number>();
  for (const part of text.split(',').filter((item) => item.trim() !== '')) {
    const match = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part);
    if (!match) throw new RangeError(`invalid list ${JSON.stringify(text)}`);
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (to < from || to > 8191) throw new RangeError(`invalid range ${JSON.stringify(part)}`);
    for (let number = from; number <= to; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}
