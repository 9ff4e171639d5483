/** process of the spec: arguments, environment, user, capabilities, rlimits. */

import { invalid } from '../lib/errors.ts';
import { capabilityNames, defaultCapabilities, isCapability } from '../linux/capabilities.ts';
import { RLIMIT } from '../linux/flags.ts';
import type { LinuxCapabilities, PosixRlimit, Process, User } from '../oci/runtime.ts';
import type { Container, ExecRequest, HostConfig, Ulimit } from './model.ts';
import type { SpecFacts } from './spec.ts';

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const initTarget = '/sbin/docker-init';

/** `overrides` replace variables of `base` by name; one without "=" removes it (moby container/env.go). */
export function mergeEnvironment(base: readonly string[], overrides: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of base) merged.set(entry.split('=', 1)[0] ?? '', entry);
  for (const entry of overrides) {
    if (!entry.includes('=')) merged.delete(entry);
    else merged.set(entry.slice(0, entry.indexOf('=')), entry);
  }
  return [...merged.values()];
}

/** PATH, HOSTNAME and with a terminal TERM, then the container's own. */
export function environment(container: Container): string[] {
  const { config } = container;
  const base = [`PATH=${defaultPath}`, `HOSTNAME=${config.hostname}`];
  if (config.tty) base.push('TERM=xterm');
  return mergeEnvironment(base, config.env);
}

/** CAP_NET_ADMIN for net_admin, NET_ADMIN or CAP_NET_ADMIN; ALL stays. Throws Docker's text, prefixed by `option`. */
function normalizeCapabilities(names: readonly string[], option: string): string[] {
  return names.map((given) => {
    const upper = given.toUpperCase();
    if (upper === 'ALL') return upper;
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!isCapability(name)) throw invalid(`invalid ${option}: unknown capability: "${name}"`);
    return name;
  });
}

/** Refuses unknown names of --cap-add and --cap-drop. For `create`. */
export function validateCapabilities(hostConfig: Pick<HostConfig, 'capAdd' | 'capDrop'>): void {
  normalizeCapabilities(hostConfig.capAdd, 'CapAdd');
  normalizeCapabilities(hostConfig.capDrop, 'CapDrop');
}

/** moby oci/caps TweakCapabilities. */
function wantedCapabilities(hostConfig: HostConfig): readonly string[] {
  if (hostConfig.privileged) return capabilityNames;
  const add = normalizeCapabilities(hostConfig.capAdd, 'CapAdd');
  const drop = normalizeCapabilities(hostConfig.capDrop, 'CapDrop');
  if (add.includes('ALL')) return capabilityNames.filter((name) => !drop.includes(name));
  if (drop.includes('ALL')) return add;
  return [...new Set([...defaultCapabilities.filter((name) => !drop.includes(name)), ...add])];
}

/** Inheritable and ambient stay empty (CVE-2022-24769); execve clears effective and permitted of a user who is not root. */
export function capabilitySets(
  hostConfig: HostConfig,
  available: readonly string[],
): Required<LinuxCapabilities> {
  const names = wantedCapabilities(hostConfig).filter((name) => available.includes(name));
  return { bounding: names, effective: names, permitted: names, inheritable: [], ambient: [] };
}

export function rlimits(ulimits: readonly Ulimit[]): PosixRlimit[] {
  return ulimits.map(({ name, soft, hard }) => ({ type: `RLIMIT_${name.toUpperCase()}`, soft, hard }));
}

/** Docker's texts for --ulimit. For `create`. */
export function validateUlimits(ulimits: readonly Ulimit[]): void {
  for (const { name, soft, hard } of ulimits) {
    if (RLIMIT[name] === undefined) throw invalid(`invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft > hard || soft === -1))
      throw invalid(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
}

/** The numbers are placeholders: gantry-init looks `username` up in the container's own files. */
export function specUser(user: string, groups: readonly string[]): User {
  return { uid: 0, gid: 0, username: user, additionalGroups: [...groups] };
}

function consoleSize([rows, columns]: readonly [number, number]): Pick<Process, 'consoleSize'> {
  return rows > 0 && columns > 0 ? { consoleSize: { height: rows, width: columns } } : {};
}

export function usesInit({ hostConfig }: Container, initDefault: boolean): boolean {
  return (hostConfig.init ?? initDefault) && hostConfig.pidMode === '';
}

export function specProcess(container: Container, facts: SpecFacts, noNewPrivileges: boolean): Process {
  const { config, hostConfig } = container;
  const args = [container.path, ...container.args];
  return {
    terminal: config.tty,
    ...(config.tty ? consoleSize(hostConfig.consoleSize) : {}),
    user: specUser(config.user, hostConfig.groupAdd),
    args: usesInit(container, facts.initDefault) ? [initTarget, '--', ...args] : args,
    env: environment(container),
    cwd: config.workingDir || '/',
    capabilities: capabilitySets(hostConfig, facts.capabilities),
    rlimits: rlimits(hostConfig.ulimits),
    noNewPrivileges,
    oomScoreAdj: hostConfig.oomScoreAdj,
  };
}

/** The process of `docker exec`: the container's own settings below the request's. */
export function execProcess(
  container: Container,
  request: ExecRequest,
  capabilities: readonly string[],
  noNewPrivileges: boolean,
): Process {
  const { config, hostConfig } = container;
  const base = environment(container);
  if (request.tty && !config.tty) base.push('TERM=xterm');
  return {
    terminal: request.tty,
    ...(request.tty && request.consoleSize ? consoleSize(request.consoleSize) : {}),
    user: specUser(request.user || config.user, hostConfig.groupAdd),
    args: request.cmd,
    env: mergeEnvironment(base, request.env),
    cwd: request.workingDir || config.workingDir || '/',
    capabilities: capabilitySets(
      request.privileged ? { ...hostConfig, privileged: true } : hostConfig,
      capabilities,
    ),
    rlimits: rlimits(hostConfig.ulimits),
    noNewPrivileges,
  };
}
