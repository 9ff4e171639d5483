/** How the v1 hierarchies are shown in a container. */
import { MOUNT_ATTR, MS } from '../../linux/flags.ts';
import type { Operation } from '../../linux/operations.ts';
import type { Hierarchy } from './hierarchies.ts';

const MOUNT_POINT = '/sys/fs/cgroup';

/** A tmpfs with one directory per hierarchy: in a cgroup namespace mounted anew, else the container's own group bound. */
export function v1Mounts(
  hierarchies: readonly Hierarchy[],
  path: string,
  options: { namespace: boolean; readonly: boolean },
): Operation[] {
  const quiet = MS.NOSUID | MS.NODEV | MS.NOEXEC;
  const operations: Operation[] = [
    {
      op: 'mount',
      side: 'inside',
      source: 'tmpfs',
      target: MOUNT_POINT,
      fstype: 'tmpfs',
      flags: quiet,
      data: 'mode=755',
      copyUp: false,
    },
  ];
  for (const hierarchy of hierarchies) {
    operations.push(
      options.namespace ? mountHierarchy(hierarchy, options) : bindGroup(hierarchy, path, options),
    );
    operations.push(...links(hierarchy));
  }
  if (options.readonly)
    operations.push({
      op: 'mount-attr',
      side: 'inside',
      target: MOUNT_POINT,
      setAttr: MOUNT_ATTR.RDONLY,
      clearAttr: 0,
      recursive: false,
    });
  return operations;
}

function mountHierarchy({ label, data }: Hierarchy, { readonly }: { readonly: boolean }): Operation {
  const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC | (readonly ? MS.RDONLY : 0);
  return {
    op: 'mount',
    side: 'inside',
    source: 'cgroup',
    target: `${MOUNT_POINT}/${label}`,
    fstype: 'cgroup',
    flags,
    data,
    copyUp: false,
  };
}

function bindGroup(
  { directory, label }: Hierarchy,
  path: string,
  { readonly }: { readonly: boolean },
): Operation {
  const quiet = MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC;
  return {
    op: 'bind',
    side: 'inside',
    source: directory + path,
    target: `${MOUNT_POINT}/${label}`,
    nonRecursive: true,
    setAttr: quiet | (readonly ? MOUNT_ATTR.RDONLY : 0),
    clearAttr: 0,
    recursiveAttr: false,
    propagation: 0,
    subpath: '',
    uidMap: '',
    gidMap: '',
    owner: '',
  };
}

/** cpu -> cpu,cpuacct: programs look for a controller under its own name. */
function links({ label, controllers }: Hierarchy): Operation[] {
  return controllers
    .filter((controller) => controllers.length > 1 && controller !== label)
    .map((controller) => ({
      op: 'symlink',
      side: 'inside',
      target: `${MOUNT_POINT}/${controller}`,
      to: label,
    }));
}
