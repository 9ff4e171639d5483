/** --sysctl: only what belongs to a namespace of the container's own, with runc's texts. */
import { invalid } from '../lib/errors.ts';
import type { HostConfig } from './model.ts';

const ipcSysctls: ReadonlySet<string> = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

const isHost = (mode: string) => mode === 'host';

/** "net/ipv4/ip_forward" and "net.ipv4.ip_forward" are the same, as in sysctl(8): the first separator decides. */
export function sysctlName(name: string): string {
  const slash = name.indexOf('/');
  const dot = name.indexOf('.');
  if (slash < 0 || (dot >= 0 && dot < slash)) return name;
  return name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

function validateSysctl(given: string, hostConfig: HostConfig): void {
  const name = sysctlName(given);
  // A part such as ".." could name a file outside of /proc/sys.
  if (!/^[a-z0-9_]+(\.[A-Za-z0-9_/@:-]+)+$/.test(name) || name.includes('//'))
    throw invalid(`sysctl "${given}" is not in a separate kernel namespace`);
  if (ipcSysctls.has(name) || name.startsWith('fs.mqueue.')) {
    if (isHost(hostConfig.ipcMode))
      throw invalid(`sysctl "${given}" is not allowed in the hosts ipc namespace`);
    return;
  }
  if (name.startsWith('net.')) {
    if (isHost(hostConfig.networkMode))
      throw invalid(`sysctl "${given}" not allowed in host network namespace`);
    return;
  }
  if (name === 'kernel.domainname' && !isHost(hostConfig.utsMode)) return;
  if (name === 'kernel.hostname' && !isHost(hostConfig.utsMode))
    throw invalid(`sysctl "${given}" is not allowed as it conflicts with the OCI "hostname" field`);
  throw invalid(`sysctl "${given}" is not in a separate kernel namespace`);
}

/** For `create`. */
export function validateSysctls(hostConfig: HostConfig): void {
  for (const name of Object.keys(hostConfig.sysctls)) validateSysctl(name, hostConfig);
}

/** Low ports and ping without capabilities, as Docker since 20.10; the user's own win. */
const networkDefaults: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

export function specSysctls(hostConfig: HostConfig): Record<string, string> {
  validateSysctls(hostConfig);
  const own = Object.entries(hostConfig.sysctls).map(([name, value]) => [sysctlName(name), value]);
  const { networkMode } = hostConfig;
  const ownNetwork = !isHost(networkMode) && !networkMode.startsWith('container:');
  return { ...(ownNetwork ? networkDefaults : {}), ...Object.fromEntries(own) };
}
