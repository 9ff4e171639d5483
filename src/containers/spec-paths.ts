/** What of /proc and /sys is hidden from a container, or read-only (Docker 29; the last masks are GHSA-6fw5-f8r9-fgfm). */
import type { HostConfig } from './model.ts';
import type { SecurityOptions } from './spec-security.ts';

export const defaultMaskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

export const defaultReadonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

export function maskedPaths(
  { maskedPaths: given, privileged }: HostConfig,
  { systemPathsUnconfined }: SecurityOptions,
  thermalThrottle: readonly string[],
): string[] {
  if (privileged || systemPathsUnconfined) return [];
  return given ? [...given] : [...defaultMaskedPaths, ...thermalThrottle];
}

export function readonlyPaths(
  { readonlyPaths: given, privileged }: HostConfig,
  { systemPathsUnconfined }: SecurityOptions,
): string[] {
  if (privileged || systemPathsUnconfined) return [];
  return [...(given ?? defaultReadonlyPaths)];
}
