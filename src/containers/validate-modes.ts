/** Namespace modes and what does not go together, with Docker's texts (moby runconfig/hostconfig_unix.go). */
import { invalid } from '../lib/errors.ts';
import type { CreateRequest, HostConfig } from './model.ts';

const isContainer = (mode: string) => mode === 'container' || mode.startsWith('container:');

/** The name or id after `container:`, or null for any other mode. */
export function joinedContainer(mode: string): string | null {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : null;
}

function validateNetworkMode({ config, hostConfig }: CreateRequest): void {
  const mode = hostConfig.networkMode;
  const refuse = (text: string) => invalid(`conflicting options: ${text}`);
  if (isContainer(mode) && !joinedContainer(mode))
    throw invalid('invalid network mode: invalid container format container:<name|id>');
  if (hostConfig.utsMode === 'host' && config.hostname !== '') throw refuse('hostname and the UTS mode');
  if (mode === 'host' && hostConfig.links.length > 0)
    throw refuse("host type networking can't be used with links. This would result in undefined behavior");
  if (!isContainer(mode)) return;
  if (config.hostname !== '') throw refuse('hostname and the network mode');
  if (hostConfig.links.length > 0)
    throw refuse("container type network can't be used with links. This would result in undefined behavior");
  if (hostConfig.dns.length > 0) throw refuse('dns and the network mode');
  if (hostConfig.extraHosts.length > 0) throw refuse('custom host-to-IP mapping and the network mode');
  if (config.macAddress !== '') throw refuse('mac-address and the network mode');
  if (Object.keys(hostConfig.portBindings).length > 0 || hostConfig.publishAllPorts)
    throw refuse('port publishing and the container type network mode');
  if (config.exposedPorts.length > 0) throw refuse('port exposing and the container type network mode');
}

function validateNamespaceModes(host: HostConfig): void {
  const namespaces: [what: string, mode: string, allowed: string[], joins: boolean][] = [
    ['IPC', host.ipcMode, ['', 'private', 'shareable', 'none', 'host'], true],
    ['PID', host.pidMode, ['', 'host'], true],
    ['UTS', host.utsMode, ['', 'host'], false],
    ['cgroup namespace', host.cgroupnsMode, ['', 'private', 'host'], false],
    ['user namespace', host.usernsMode, ['', 'host'], false],
  ];
  for (const [what, mode, allowed, joins] of namespaces) {
    if (allowed.includes(mode)) continue;
    if (joins && joinedContainer(mode)) continue;
    throw invalid(`invalid ${what} mode: ${mode}`);
  }
}

export function validateModes(request: CreateRequest): void {
  validateNetworkMode(request);
  validateNamespaceModes(request.hostConfig);
}
