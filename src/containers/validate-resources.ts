/** Limits that make no sense, with Docker's texts (moby daemon/daemon_unix.go verifyPlatformContainerResources). */
import { availableParallelism } from 'node:os';
import { invalid } from '../lib/errors.ts';
import type { Resources } from './model.ts';

const MiB = 1024 * 1024;

function validateMemory(limits: Resources): void {
  const { memory, memorySwap, memoryReservation, memorySwappiness } = limits;
  if (memory !== 0 && memory < 6 * MiB) throw invalid('Minimum memory limit allowed is 6MB');
  if (memory > 0 && memorySwap > 0 && memorySwap < memory)
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (memory === 0 && memorySwap > 0)
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (memorySwappiness !== null && (memorySwappiness < -1 || memorySwappiness > 100))
    throw invalid(`Invalid value: ${memorySwappiness}, valid memory swappiness range is 0-100`);
  if (memoryReservation > 0 && memoryReservation < 6 * MiB)
    throw invalid('Minimum memory reservation allowed is 6MB');
  if (memory > 0 && memoryReservation > 0 && memory < memoryReservation)
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
}

function validateCpu(limits: Resources): void {
  const { nanoCpus, cpuPeriod, cpuQuota } = limits;
  if (nanoCpus > 0 && cpuPeriod > 0)
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nanoCpus > 0 && cpuQuota > 0)
    throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  const cpus = availableParallelism();
  if (nanoCpus < 0 || nanoCpus > cpus * 1e9)
    throw invalid(`Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  if (cpuPeriod !== 0 && (cpuPeriod < 1000 || cpuPeriod > 1_000_000))
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (cpuQuota > 0 && cpuQuota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (limits.cpuShares < 0) throw invalid(`shares cannot be negative: ${limits.cpuShares}`);
}

/** "0-2,7" as numbers; null when it is not such a list. */
export function parseCpuList(text: string): number[] | null {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    if (match === null) return null;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (to < from || to > 8191) return null;
    for (let n = from; n <= to; n++) numbers.push(n);
  }
  return numbers;
}

function validateCpuset(limits: Resources): void {
  const available = `0-${availableParallelism() - 1}`.replace(/^0-0$/, '0');
  if (limits.cpusetCpus !== '') {
    const wanted = parseCpuList(limits.cpusetCpus);
    if (wanted === null)
      throw invalid(
        `Invalid value ${limits.cpusetCpus} for cpuset cpus: invalid format: ${limits.cpusetCpus}`,
      );
    if (wanted.some((cpu) => cpu >= availableParallelism()))
      throw invalid(
        `Requested CPUs are not available - requested ${limits.cpusetCpus}, available: ${available}`,
      );
  }
  if (limits.cpusetMems !== '' && parseCpuList(limits.cpusetMems) === null)
    throw invalid(`Invalid value ${limits.cpusetMems} for cpuset mems: invalid format: ${limits.cpusetMems}`);
}

function validateBlkio(limits: Resources): void {
  if (limits.blkioWeight !== 0 && (limits.blkioWeight < 10 || limits.blkioWeight > 1000))
    throw invalid('Range of blkio weight is from 10 to 1000');
  for (const { path, weight } of limits.blkioWeightDevice)
    if (weight < 10 || weight > 1000) throw invalid(`Range of blkio weight is from 10 to 1000: ${path}`);
}

function validateDevices(limits: Resources): void {
  for (const rule of limits.deviceCgroupRules)
    if (!/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(rule))
      throw invalid(`invalid device cgroup rule format: '${rule}'`);
  if (limits.deviceRequests.length > 0)
    throw invalid('could not select device driver "" with capabilities: [[gpu]]');
}

export function validateResources(limits: Resources): void {
  validateMemory(limits);
  validateCpu(limits);
  validateCpuset(limits);
  validateBlkio(limits);
  validateDevices(limits);
}
