/** mounts of the spec: the default ones, then what the user asked for by depth, then the engine's own files. */
import type { Linux, Mount } from '../oci/runtime.ts';
import type { Container, HostConfig } from './model.ts';
import type { SpecFacts } from './spec.ts';
import { userMounts } from './spec-binds.ts';
import { initTarget, usesInit } from './spec-process.ts';
import type { SecurityOptions } from './spec-security.ts';

type Propagation = NonNullable<Linux['rootfsPropagation']>;
const DEFAULT_SHM_SIZE = 64 << 20;

function defaultMounts(): Mount[] {
  const quiet = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', ...quiet] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
  ];
}

/** Where the engine mounts something into every container, so that an image's root need not have it. */
export const ownMountPoints = ['dev', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf', 'proc', 'sys'] as const;

const writable = (mount: Mount): Mount => ({
  ...mount,
  options: (mount.options ?? []).filter((option) => option !== 'ro'),
});

/** --privileged may write /sys and cgroups. */
function systemMounts(hostConfig: HostConfig, { writableCgroups }: SecurityOptions): Mount[] {
  return defaultMounts().map((mount) => {
    const { destination } = mount;
    if (hostConfig.privileged && (destination === '/sys' || destination === '/sys/fs/cgroup'))
      return writable(mount);
    if (writableCgroups && destination === '/sys/fs/cgroup') return writable(mount);
    return mount;
  });
}

function shmMount(hostConfig: HostConfig, facts: SpecFacts): Mount[] {
  const destination = '/dev/shm';
  const bind = (source: string): Mount[] => [
    { destination, type: 'bind', source, options: ['rbind', 'rprivate'] },
  ];
  if (hostConfig.ipcMode === 'none') return [];
  if (hostConfig.ipcMode === 'host') return bind('/dev/shm');
  if (facts.sharedShm !== undefined) return bind(facts.sharedShm);
  const size = hostConfig.shmSize || DEFAULT_SHM_SIZE;
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${size}`];
  return [{ destination, type: 'tmpfs', source: 'shm', options }];
}

/** /etc/hosts, /etc/hostname and /etc/resolv.conf, and the init program. */
function engineMounts(container: Container, facts: SpecFacts): Mount[] {
  const { files, hostConfig } = container;
  const options = ['rbind', 'rprivate', ...(hostConfig.readonlyRootfs ? ['ro'] : [])];
  const list: Mount[] = [
    { destination: '/etc/resolv.conf', source: files.resolvConf },
    { destination: '/etc/hostname', source: files.hostname },
    { destination: '/etc/hosts', source: files.hosts },
  ]
    .filter(({ source }) => source !== '')
    .map((mount) => ({ ...mount, type: 'bind', options }));
  if (usesInit(container, facts.initDefault))
    list.push({ destination: initTarget, type: 'bind', source: facts.initPath, options: ['bind', 'ro'] });
  return list;
}

const depth = ({ destination }: Mount) => destination.split('/').filter((part) => part !== '').length;

/** What the root's own propagation must be so that the mounts can have theirs (moby oci_linux.go, setMountPropagation). */
function rootPropagation(mounts: readonly Mount[]): Propagation {
  const options = new Set(mounts.flatMap((mount) => mount.options ?? []));
  if (options.has('shared') || options.has('rshared')) return 'shared';
  return options.has('slave') || options.has('rslave') ? 'rslave' : 'rprivate';
}

/** A user's mount replaces a default one at the same place; one at /dev or /sys replaces those beneath as well. */
function overridden(mount: Mount, destinations: ReadonlySet<string>): boolean {
  if (destinations.has(mount.destination)) return true;
  return ['/dev', '/sys'].some((top) => destinations.has(top) && mount.destination.startsWith(`${top}/`));
}

export function specMounts(
  container: Container,
  facts: SpecFacts,
  security: SecurityOptions,
): { mounts: Mount[]; propagation: Propagation } {
  const { hostConfig } = container;
  const own = userMounts(container, facts);
  const destinations = new Set(own.map(({ destination }) => destination));
  const system = [...systemMounts(hostConfig, security), ...shmMount(hostConfig, facts)];
  const engine = engineMounts(container, facts).filter(({ destination }) => !destinations.has(destination));
  return {
    mounts: [
      ...system.filter((mount) => !overridden(mount, destinations)),
      ...[...own, ...engine].sort((a, b) => depth(a) - depth(b)),
    ],
    propagation: rootPropagation(own),
  };
}
