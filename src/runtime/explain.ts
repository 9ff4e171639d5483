/** A plan for people: one line per operation, with the names that man pages use instead of numbers, and why it is there. */
import { namesOfMask } from '../linux/capabilities.ts';
import { CLONE, flagNames, MOUNT_ATTR, MS, RLIMIT } from '../linux/flags.ts';
import type { Operation, OperationName, OperationOf } from '../linux/operations.ts';

type Explainers = { [N in OperationName]: (operation: OperationOf<N>) => string };

const cloneFlags = (flags: number) => flagNames('CLONE_', CLONE, flags);
const mountFlags = (flags: number) => flagNames('MS_', MS, flags);

/** The access-time modes are one field, not bits, hence the mask is left out of the names. */
function attributes(set: number, clear: number, recursive: boolean): string {
  const { ATIME, ...single } = MOUNT_ATTR;
  const words: string[] = [];
  if (set !== 0) words.push(`+${flagNames('', single, set)}`);
  const cleared = clear & ~ATIME;
  if (cleared !== 0) words.push(`-${flagNames('', single, cleared)}`);
  if (recursive && words.length > 0) words.push('AT_RECURSIVE');
  return words.length > 0 ? ` (${words.join(' ')})` : '';
}

const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text));

/** Long texts are cut in the middle of a line, never of its meaning: the beginning tells which it is. */
const short = (text: string, length = 100) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

function capabilities(mask: string): string {
  const names = namesOfMask(BigInt(mask)).map((name) => name.slice('CAP_'.length).toLowerCase());
  return names.length === 0 ? 'none' : `${names.length}: ${names.join(' ')}`;
}

const rlimitName = (resource: number) =>
  `RLIMIT_${(Object.entries(RLIMIT).find(([, number]) => number === resource)?.[0] ?? String(resource)).toUpperCase()}`;

const INSTRUCTION_SIZE = 8;
const instructions = (program: Uint8Array) => `${program.length / INSTRUCTION_SIZE} instructions`;

const beneath = (subpath: string) => (subpath === '' ? '' : `/${subpath} (openat2 RESOLVE_BENEATH)`);

const mapLines = (map: string) => map.trim().split('\n').join(', ');

function idMapping({ uidMap, gidMap, owner }: OperationOf<'bind'>): string {
  if (owner !== '') return ` (MOUNT_ATTR_IDMAP: its owner is seen as user ${quoted(owner)})`;
  return uidMap === '' ? '' : ` (MOUNT_ATTR_IDMAP: uids ${mapLines(uidMap)}; gids ${mapLines(gidMap)})`;
}

const networkOf = (pid: number) =>
  pid === 0 ? "the child's network namespace" : `the network namespace of process ${pid}`;
const mtuOf = (mtu: number) => (mtu === 0 ? '' : `, mtu ${mtu}`);
const deviceOf = (link: string) => (link === '' ? '' : ` dev ${link}`);

const explainers: Explainers = {
  mkdir: ({ path }) => `mkdir ${path}`,
  write: ({ path, data }) => `write ${quoted(short(data.trim(), 60))} > ${path}`,
  'write-pid': ({ path, side }) => `write ${side === 'inside' ? 'own' : "<child's>"} pid > ${path}`,
  'write-proc': ({ name, data }) => `write ${quoted(data.trim())} > /proc/<child>/${name}`,
  'device-filter': ({ path, program }) => `bpf BPF_CGROUP_DEVICE, ${instructions(program)}, on ${path}`,
  clone: ({ flags, cgroup }) => `clone3 ${cloneFlags(flags)}${cgroup === '' ? '' : ` into cgroup ${cgroup}`}`,
  'signal-child': () => 'tell the child that the host side is done',
  'await-host': () => 'wait until the host side is done',
  setns: ({ path, nstype }) => `setns ${cloneFlags(nstype)} of ${path}`,
  join: ({ pid, flags }) => `setns ${cloneFlags(flags)} of process ${pid} (by pidfd)`,
  unshare: ({ flags }) => `unshare ${cloneFlags(flags)}`,
  propagation: ({ path, flags }) => `mount ${mountFlags(flags)} ${path}`,
  'mount-root': ({ source, path, fstype, flags, data }) =>
    `mount -t ${fstype} ${quoted(source)} ${path}${flags === 0 ? '' : ` ${mountFlags(flags)}`} ${short(data)}`,
  'bind-root': ({ source, path }) => `mount MS_BIND|MS_REC ${source} ${path}`,
  'hold-source': ({ source, nonRecursive }) =>
    `open_tree OPEN_TREE_CLONE${nonRecursive ? '' : '|AT_RECURSIVE'} ${source}: a peer of the host's mount`,
  root: ({ path }) => `open ${path}: every target below is resolved beneath it (openat2 RESOLVE_IN_ROOT)`,
  mount: ({ source, target, fstype, flags, data, copyUp }) =>
    `mount -t ${fstype} ${quoted(source)} ${target} ${mountFlags(flags)}${data === '' ? '' : ` ${short(data)}`}${copyUp ? ' (filled with what the image has there)' : ''}`,
  bind: (bind) =>
    `mount MS_BIND${bind.nonRecursive ? '' : '|MS_REC'} ${bind.source}${beneath(bind.subpath)} ${bind.target}${attributes(bind.setAttr, bind.clearAttr, bind.recursiveAttr)}${bind.propagation === 0 ? '' : ` ${mountFlags(bind.propagation)}`}${idMapping(bind)}`,
  'mount-attr': ({ target, setAttr, clearAttr, recursive }) =>
    `mount_setattr ${target}${attributes(setAttr, clearAttr, recursive)}`,
  mknod: ({ target, type, major, minor, mode }) =>
    `mknod ${target} ${type} ${major}:${minor} mode ${mode.toString(8)}`,
  symlink: ({ target, to }) => `symlink ${target} -> ${to}`,
  'mkdir-in-root': ({ target, mode, uid, gid }) =>
    `mkdir ${target} mode ${mode.toString(8)} owner ${uid}:${gid}`,
  mask: ({ target }) => `hide ${target} (/dev/null over a file, an empty tmpfs over a directory)`,
  readonly: ({ target }) => `mount MS_BIND|MS_REC ${target} over itself, read-only`,
  pivot: () => 'pivot_root to the root and detach the old one: from here on only the container is seen',
  hostname: ({ name }) => `sethostname ${quoted(name)}`,
  domainname: ({ name }) => `setdomainname ${quoted(name)}`,
  sysctl: ({ name, value }) => `sysctl ${name} = ${quoted(value)}`,
  rlimit: ({ resource, soft, hard }) => `setrlimit ${rlimitName(resource)} soft ${soft} hard ${hard}`,
  console: ({ rows, columns }) =>
    `new pty in the container's /dev/pts, as stdio and /dev/console${rows > 0 ? `, ${columns}x${rows}` : ''}`,
  keyring: ({ name }) => `keyctl JOIN_SESSION_KEYRING ${name}`,
  env: ({ values }) =>
    `environment of ${values.length}: ${short(values.map((value) => value.split('=', 1)[0]).join(' '))}`,
  user: ({ spec, groups }) =>
    `look up user ${quoted(spec === '' ? 'root' : spec)}${groups.length > 0 ? ` and groups ${groups.join(' ')}` : ''} in the container's /etc/passwd and /etc/group`,
  credentials: ({ bounding, effective, ambient }) =>
    `setgroups, setresgid, setresuid; capset bounding ${capabilities(bounding)}${effective === bounding ? '' : `; effective ${capabilities(effective)}`}${ambient === '0' ? '' : `; ambient ${capabilities(ambient)}`}`,
  'no-new-privs': () => 'prctl PR_SET_NO_NEW_PRIVS: setuid programs give nothing',
  seccomp: ({ filter }) => `seccomp SECCOMP_SET_MODE_FILTER, ${instructions(filter)}`,
  chdir: ({ target }) => `chdir ${quoted(target)}`,
  umask: ({ mask }) => `umask ${mask.toString(8).padStart(4, '0')}`,
  exec: ({ argv }) => `execve ${short(argv.map(quoted).join(' '), 200)}`,
  veth: ({ name, peer, bridge, mtu, hairpin, isolated, pid }) =>
    `veth ${name}${bridge === '' ? '' : ` on ${bridge}`}${hairpin ? ' hairpin' : ''}${isolated ? ' isolated' : ''}, its peer ${peer} born in ${networkOf(pid)}${mtuOf(mtu)}`,
  macvlan: ({ name, parent, mode, mtu, pid }) =>
    `macvlan ${name} on ${parent}, mode ${mode}, born in ${networkOf(pid)}${mtuOf(mtu)}`,
  ipvlan: ({ name, parent, mode, flag, mtu, pid }) =>
    `ipvlan ${name} on ${parent}, mode ${mode} ${flag}, born in ${networkOf(pid)}${mtuOf(mtu)}`,
  vlan: ({ name, parent, id }) => `vlan ${name} on ${parent}, id ${id}`,
  dummy: ({ name }) => `dummy ${name}`,
  bridge: ({ name, mtu }) => `bridge ${name}${mtuOf(mtu)}`,
  link: ({ name, up, mtu, rename }) =>
    `link ${name}${rename === '' ? '' : ` renamed ${rename}`}${mtu === 0 ? '' : ` mtu ${mtu}`} ${up ? 'up' : 'down'}`,
  address: ({ link, cidr }) => `address ${cidr} on ${link}`,
  route: ({ destination, gateway, link, replace }) =>
    `route ${destination === '' ? 'default' : destination}${gateway === '' ? '' : ` via ${gateway}`}${deviceOf(link)}${replace ? ', in place of what is there' : ''}`,
  'route-delete': ({ destination, link }) => `route ${destination}${deviceOf(link)} deleted`,
  'link-delete': ({ name }) => `link ${name} deleted`,
  populate: ({ target, path, subpath, copy }) =>
    `when ${path}${beneath(subpath)} is empty: ${copy ? `copy what the image has at ${target}, ` : ''}set its owner and mode`,
  'fuse-serve': ({ argv }) => `open /dev/fuse for ${short(argv.map(quoted).join(' '))}`,
  'fuse-root': ({ path }) => `mount what it serves on ${path}`,
  'subvolume-create': ({ path }) => `btrfs subvolume ${path}`,
  'subvolume-snapshot': ({ source, path }) => `btrfs subvolume ${path}, a snapshot of ${source}`,
  'subvolume-limit': ({ path, bytes }) => `limit btrfs subvolume ${path} to ${bytes} bytes`,
  'mount-image': ({ source, path, fstype }) => `mount -t ${fstype} -o loop ${source} ${path}`,
  'subvolume-delete': ({ path }) => `delete btrfs subvolume ${path}`,
};

function explainOne<N extends OperationName>(operation: OperationOf<N>): string {
  const explainer = explainers[operation.op as N] as (operation: OperationOf<N>) => string;
  return explainer(operation);
}

/** What a group of operations is for; headings of the explanation. */
const phases: readonly { title: string; side?: 'host' | 'inside'; ops: readonly OperationName[] }[] = [
  {
    title: 'Limits: a directory in each cgroup hierarchy',
    side: 'host',
    ops: ['mkdir', 'write', 'device-filter'],
  },
  { title: 'Namespaces: a process that sees a world of its own', ops: ['clone', 'setns', 'unshare', 'join'] },
  {
    title: 'From outside, while the child builds its world',
    side: 'host',
    ops: [
      'write-proc',
      'write-pid',
      'veth',
      'macvlan',
      'ipvlan',
      'vlan',
      'dummy',
      'bridge',
      'link',
      'link-delete',
      'address',
      'route',
      'route-delete',
      'signal-child',
    ],
  },
  { title: 'Into its limits', side: 'inside', ops: ['write-pid'] },
  {
    title: 'The root file system',
    ops: [
      'propagation',
      'mount-root',
      'bind-root',
      'fuse-root',
      'root',
      'populate',
      'subvolume-create',
      'subvolume-snapshot',
      'subvolume-delete',
      'subvolume-limit',
      'mount-image',
    ],
  },
  { title: 'A program that serves the root file system', ops: ['fuse-serve'] },
  { title: 'What is mounted in it', ops: ['mount', 'bind', 'mount-attr', 'mkdir-in-root'] },
  { title: 'Devices', ops: ['mknod', 'symlink', 'console'] },
  { title: 'Names and settings of the kernel', side: 'inside', ops: ['hostname', 'domainname', 'sysctl'] },
  { title: 'What the kernel would tell too freely', ops: ['readonly', 'mask'] },
  { title: 'Leaving the host behind', ops: ['pivot'] },
  { title: 'Both sides meet', ops: ['await-host'] },
  { title: 'The network', side: 'inside', ops: ['link', 'link-delete', 'address', 'route', 'route-delete'] },
  {
    title: 'The program, and who it is',
    ops: [
      'rlimit',
      'keyring',
      'env',
      'user',
      'umask',
      'chdir',
      'credentials',
      'no-new-privs',
      'seccomp',
      'exec',
    ],
  },
];

const phaseOf = ({ op, side }: Operation) =>
  phases.find((phase) => phase.ops.includes(op) && (phase.side ?? side) === side)?.title ?? '';

/** 64 digits name a container; 12 are enough to see that it is the same one. */
const withoutLongIds = (text: string) => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');

/**
 *   # Limits: a directory in each cgroup hierarchy
 *    1  host    mkdir /sys/fs/cgroup/memory/gantry/…
 *   # What is mounted in it
 *   31  inside  mount -t proc proc /proc MS_NOSUID|MS_NODEV|MS_NOEXEC
 *
 * `?` behind the number: the operation may fail without failing the container.
 */
export function explain(operations: readonly Operation[]): string {
  const width = String(operations.length).length;
  const lines: string[] = [];
  let current = '';
  operations.forEach((operation, index) => {
    const phase = phaseOf(operation);
    if (phase !== current) lines.push(...(current === '' ? [] : ['']), `# ${phase}`);
    current = phase;
    const number = String(index + 1).padStart(width);
    const mark = operation.optional ? '?' : ' ';
    lines.push(
      `${number}${mark} ${operation.side.padEnd(6)}  ${withoutLongIds(explainOne(operation))}`.trimEnd(),
    );
  });
  return `${lines.join('\n')}\n`;
}
