/** Refuses a create request that cannot mean anything, with Docker's texts (moby daemon/container.go). */
import { isIP } from 'node:net';
import { invalid } from '../lib/errors.ts';
import { isName } from '../lib/ids.ts';
import { parseSignal } from '../linux/signals.ts';
import type { ContainerConfig, CreateRequest, HealthCheck, HostConfig, RestartPolicy } from './model.ts';
import { validateCapabilities, validateUlimits } from './spec-process.ts';
import { validateSecurityOptions } from './spec-security.ts';
import { validateModes } from './validate-modes.ts';
import { validateResources } from './validate-resources.ts';

export function validateName(name: string): void {
  if (!isName(name))
    throw invalid(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

export function validateRestartPolicy(policy: RestartPolicy): void {
  const { name, maximumRetryCount } = policy;
  switch (name) {
    case 'no':
    case 'always':
    case 'unless-stopped':
      if (maximumRetryCount !== 0)
        throw invalid(
          `invalid restart policy: maximum retry count can only be used with 'on-failure'${maximumRetryCount < 0 ? ' and cannot be negative' : ''}`,
        );
      return;
    case 'on-failure':
      if (maximumRetryCount < 0)
        throw invalid('invalid restart policy: maximum retry count cannot be negative');
      return;
    default:
      throw invalid(
        `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
      );
  }
}

function validateHealthcheck(check: HealthCheck | null): void {
  if (check === null) return;
  const millisecond = 1e6;
  const durations: [string, number][] = [
    ['Interval', check.interval],
    ['Timeout', check.timeout],
    ['StartPeriod', check.startPeriod],
    ['StartInterval', check.startInterval],
  ];
  for (const [name, value] of durations)
    if (value !== 0 && value < millisecond) throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
  if (check.retries < 0) throw invalid('Retries in Healthcheck cannot be negative');
}

function validateConfig(config: ContainerConfig): void {
  if (config.workingDir !== '' && !config.workingDir.startsWith('/'))
    throw invalid(`the working directory '${config.workingDir}' is invalid, it needs to be an absolute path`);
  if (config.stopSignal !== '') parseSignal(config.stopSignal);
  for (const assignment of config.env)
    if (assignment === '' || assignment.startsWith('='))
      throw invalid(`invalid environment variable: ${assignment}`);
  validateHealthcheck(config.healthcheck);
}

function validateExtraHost(entry: string): void {
  const match = /^([^:=]+)[:=](.+)$/.exec(entry);
  if (match === null) throw invalid(`bad format for add-host: "${entry}"`);
  const address = (match[2] ?? '').replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0)
    throw invalid(`invalid IP address in add-host: "${address}"`);
}

const tmpfsFlag =
  /^(defaults|r[ow]|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime|mand)|(dir|a)?sync|r?(private|shared|slave|unbindable|bind))$/;
const tmpfsData = /^(size|mode|uid|gid|nr_inodes|nr_blocks|mpol)=/;

function validateTmpfs(options: string): void {
  for (const option of options.split(',').filter(Boolean))
    if (!tmpfsFlag.test(option) && !tmpfsData.test(option))
      throw invalid(`invalid tmpfs option ${JSON.stringify([option])}`);
}

function validatePorts(host: HostConfig): void {
  for (const [key, bindings] of Object.entries(host.portBindings)) {
    const match = /^(\d{1,5})\/(tcp|udp|sctp)$/.exec(key);
    if (match === null || Number(match[1]) > 65535) throw invalid(`invalid port specification: "${key}"`);
    for (const { hostPort } of bindings ?? []) {
      const [from = '', to = from] = hostPort.split('-');
      const ok =
        hostPort === '' || [from, to].every((port) => /^\d{1,5}$/.test(port) && Number(port) < 65536);
      if (!ok || Number(to) < Number(from)) throw invalid(`invalid port specification: "${hostPort}"`);
    }
  }
}

function validateHostConfig(host: HostConfig): void {
  if (host.autoRemove && host.restartPolicy.name !== 'no')
    throw invalid("can't create 'AutoRemove' container with restart policy");
  for (const entry of host.extraHosts) validateExtraHost(entry);
  for (const address of host.dns) if (isIP(address) === 0) throw invalid(`bad nameserver address ${address}`);
  for (const options of Object.values(host.tmpfs)) validateTmpfs(options);
  validatePorts(host);
  validateRestartPolicy(host.restartPolicy);
  if (host.shmSize < 0) throw invalid('SHM size can not be less than 0');
  if (host.oomScoreAdj < -1000 || host.oomScoreAdj > 1000)
    throw invalid(`Invalid value ${host.oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  if (Object.keys(host.storageOpt).length > 0)
    throw invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  validateCapabilities(host);
  validateUlimits(host.ulimits);
  validateSecurityOptions(host.securityOpt);
  if (!['', 'gantry', 'runc'].includes(host.runtime))
    throw invalid(`unknown or invalid runtime name: ${host.runtime}`);
}

/** Everything that can be said before the image is known. */
export function validateCreate(request: CreateRequest): void {
  if (request.name !== '') validateName(request.name);
  validateModes(request);
  validateConfig(request.config);
  validateHostConfig(request.hostConfig);
  validateResources(request.hostConfig);
}
