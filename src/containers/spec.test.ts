import { describe, expect, test } from 'bun:test';
import { capabilityNames, defaultCapabilities } from '../linux/capabilities.ts';
import type { Mount } from '../oci/runtime.ts';
import { testContainer, testFacts } from './container.test-data.ts';
import type { Container, HostConfig, MountPoint } from './model.ts';
import { buildSpec, cgroupsPath, type SpecFacts } from './spec.ts';
import { parseDeviceRule } from './spec-devices.ts';
import { execProcess, mergeEnvironment, validateCapabilities } from './spec-process.ts';
import { specResources } from './spec-resources.ts';
import { parseSecurityOptions } from './spec-security.ts';
import { validateSysctls } from './spec-sysctls.ts';

const specFor = (host: Partial<HostConfig> = {}, facts: Partial<SpecFacts> = {}) =>
  buildSpec(testContainer(['sh', '-c', 'true'], host), testFacts(facts));
const hostConfig = (changes: Partial<HostConfig> = {}) => testContainer([], changes).hostConfig;
const mountAt = (mounts: readonly Mount[] | undefined, destination: string) =>
  mounts?.find((mount) => mount.destination === destination);

const point = (changes: Partial<MountPoint>): MountPoint => ({
  type: 'bind',
  name: '',
  source: '/host',
  destination: '/data',
  driver: '',
  mode: '',
  readWrite: true,
  propagation: '',
  ...changes,
});
const withMounts = (...mounts: MountPoint[]): Container => ({ ...testContainer(['sh']), mounts });

describe('process', () => {
  test('arguments, environment, directory, user', () => {
    const { process } = buildSpec(
      testContainer(
        ['sh', '-c', 'true'],
        { groupAdd: ['video'] },
        { tty: true, env: ['A=1', 'PATH=/x'], user: 'web', workingDir: '/srv' },
      ),
      testFacts(),
    );
    expect(process).toMatchObject({
      args: ['sh', '-c', 'true'],
      terminal: true,
      cwd: '/srv',
      user: { username: 'web', additionalGroups: ['video'] },
      env: ['PATH=/x', 'HOSTNAME=c0ffee000000', 'TERM=xterm', 'A=1'],
    });
  });

  test('a variable without value removes one', () => {
    expect(mergeEnvironment(['A=1', 'B=2'], ['A', 'B=3', 'C='])).toEqual(['B=3', 'C=']);
  });

  test('--init: the program in front, and its file', () => {
    const { process, mounts } = specFor({ init: true });
    expect(process?.args).toEqual(['/sbin/docker-init', '--', 'sh', '-c', 'true']);
    expect(mountAt(mounts, '/sbin/docker-init')).toMatchObject({
      source: '/opt/gantry-init',
      options: ['bind', 'ro'],
    });
    expect(specFor({ init: true, pidMode: 'host' }).process?.args?.[0]).toBe('sh');
  });

  test('capabilities: Docker’s arithmetic', () => {
    const bounding = (host: Partial<HostConfig>, facts = {}) =>
      specFor(host, facts).process?.capabilities?.bounding;
    expect(bounding({})?.toSorted()).toEqual([...defaultCapabilities].sort());
    expect(bounding({ capAdd: ['net_admin'], capDrop: ['CAP_CHOWN'] })).toHaveLength(14);
    expect(bounding({ capDrop: ['ALL'], capAdd: ['CHOWN'] })).toEqual(['CAP_CHOWN']);
    expect(bounding({ capAdd: ['ALL'], capDrop: ['SYS_ADMIN'] })).toHaveLength(capabilityNames.length - 1);
    expect(bounding({ privileged: true })).toHaveLength(capabilityNames.length);
    expect(bounding({ privileged: true }, { capabilities: ['CAP_CHOWN'] })).toEqual(['CAP_CHOWN']);
    expect(specFor().process?.capabilities).toMatchObject({ inheritable: [], ambient: [] });
  });

  test('unknown capabilities have Docker’s text', () => {
    expect(() => validateCapabilities({ capAdd: ['FLY'], capDrop: [] })).toThrow(
      'invalid CapAdd: unknown capability: "CAP_FLY"',
    );
    expect(() => validateCapabilities({ capAdd: [], capDrop: ['cap_fly'] })).toThrow(
      'invalid CapDrop: unknown capability: "CAP_FLY"',
    );
  });

  test('exec: the request over the container', () => {
    const request = {
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      tty: true,
      consoleSize: null,
      detachKeys: '',
      env: ['B=2'],
      workingDir: '',
      user: '1000',
      privileged: true,
      cmd: ['id'],
    };
    const process = execProcess(
      testContainer(['sh'], {}, { env: ['A=1'], workingDir: '/w' }),
      request,
      capabilityNames,
      false,
    );
    expect(process).toMatchObject({ args: ['id'], cwd: '/w', user: { username: '1000' }, terminal: true });
    expect(process.env).toContain('B=2');
    expect(process.env).toContain('TERM=xterm');
    expect(process.capabilities?.bounding).toHaveLength(capabilityNames.length);
  });
});

describe('mounts', () => {
  test('Docker’s default ones, in order', () => {
    expect(specFor().mounts?.map(({ destination }) => destination)).toEqual([
      '/proc',
      '/dev',
      '/dev/pts',
      '/sys',
      '/sys/fs/cgroup',
      '/dev/mqueue',
      '/dev/shm',
    ]);
  });

  test('the user’s replace default ones, and come by depth', () => {
    const mounts = buildSpec(
      withMounts(
        point({ destination: '/a/b/c' }),
        point({ destination: '/dev/shm' }),
        point({ destination: '/a' }),
      ),
      testFacts(),
    ).mounts;
    expect(mounts?.slice(6).map(({ destination }) => destination)).toEqual(['/a', '/dev/shm', '/a/b/c']);
  });

  test('read-only binds are so all the way down where the kernel can', () => {
    const options = (facts = {}) =>
      mountAt(buildSpec(withMounts(point({ readWrite: false })), testFacts(facts)).mounts, '/data')?.options;
    expect(options()).toEqual(['rbind', 'rprivate', 'rro']);
    expect(options({ recursiveReadOnly: false })).toEqual(['rbind', 'rprivate', 'ro']);
  });

  test('propagation decides about the root’s', () => {
    const linuxOf = (propagation: string) => buildSpec(withMounts(point({ propagation })), testFacts()).linux;
    expect(linuxOf('')?.rootfsPropagation).toBe('rprivate');
    expect(linuxOf('rslave')?.rootfsPropagation).toBe('rslave');
    expect(linuxOf('rshared')?.rootfsPropagation).toBe('shared');
  });

  test('--tmpfs', () => {
    const mount = mountAt(specFor({ tmpfs: { '/run': 'rw,exec,size=64m' } }).mounts, '/run');
    expect(mount).toMatchObject({
      type: 'tmpfs',
      options: ['noexec', 'nosuid', 'nodev', 'rw', 'exec', 'size=64m'],
    });
  });

  test('shm: size, host’s, another’s, none', () => {
    const shm = (host: Partial<HostConfig>, facts = {}) => mountAt(specFor(host, facts).mounts, '/dev/shm');
    expect(shm({ shmSize: 1024 })?.options).toContain('size=1024');
    expect(shm({ ipcMode: 'host' })).toMatchObject({ type: 'bind', source: '/dev/shm' });
    expect(shm({ ipcMode: 'container:x' }, { sharedShm: '/run/x/shm' })).toMatchObject({
      source: '/run/x/shm',
    });
    expect(shm({ ipcMode: 'none' })).toBeUndefined();
  });

  test('--read-only makes the root and the engine’s files read-only', () => {
    const container = testContainer(['sh'], { readonlyRootfs: true });
    const files = { ...container.files, hosts: '/c/hosts' };
    const { root, mounts } = buildSpec({ ...container, files }, testFacts());
    expect(root?.readonly).toBe(true);
    expect(mountAt(mounts, '/etc/hosts')?.options).toContain('ro');
  });
});

describe('linux', () => {
  const namespacesOf = (host: Partial<HostConfig>, facts = {}) =>
    (specFor(host, facts).linux?.namespaces ?? []).map(({ type, path }) => (path ? `${type}=${path}` : type));

  test('namespaces: own, the host’s, another container’s', () => {
    expect(namespacesOf({})).toEqual(['mount', 'network', 'uts', 'pid', 'ipc', 'time']);
    expect(namespacesOf({ networkMode: 'host', pidMode: 'host', ipcMode: 'host', utsMode: 'host' })).toEqual([
      'mount',
      'time',
    ]);
    expect(
      namespacesOf(
        { networkMode: 'container:a', pidMode: 'container:b' },
        { joined: { network: 7, pid: 8 } },
      ),
    ).toEqual(['mount', 'network=/proc/7/ns/net', 'uts', 'pid=/proc/8/ns/pid', 'ipc', 'time']);
  });

  test('cgroup namespaces: private on v2, or when asked for', () => {
    expect(namespacesOf({}, { cgroupVersion: 2 })).toContain('cgroup');
    expect(namespacesOf({ privileged: true }, { cgroupVersion: 2 })).not.toContain('cgroup');
    expect(namespacesOf({ cgroupnsMode: 'private' })).toContain('cgroup');
    expect(namespacesOf({ cgroupnsMode: 'host' }, { cgroupVersion: 2 })).not.toContain('cgroup');
  });

  test('the cgroup parent cannot climb', () => {
    const container = testContainer();
    expect(cgroupsPath(container)).toBe(`/gantry/${container.id}`);
    expect(cgroupsPath(testContainer([], { cgroupParent: '/../../a/./b/' }))).toBe(`/a/b/${container.id}`);
  });

  test('privileged: everything visible, no filter, every device', () => {
    const node = {
      path: '/dev/fuse',
      type: 'c',
      major: 10,
      minor: 229,
      mode: 0o666,
      uid: 0,
      gid: 0,
    } as const;
    const { linux, mounts } = specFor({ privileged: true }, { hostDevices: [node] });
    expect(linux).toMatchObject({ maskedPaths: [], readonlyPaths: [] });
    expect(linux?.seccomp).toBeUndefined();
    expect(linux?.devices).toMatchObject([{ path: '/dev/fuse', major: 10, minor: 229 }]);
    expect(linux?.resources?.devices).toEqual([{ allow: true, access: 'rwm' }]);
    expect(mountAt(mounts, '/sys')?.options).not.toContain('ro');
  });

  test('masks: default with the thermal ones, given, none', () => {
    const masked = (host: Partial<HostConfig>) =>
      specFor(host, { thermalThrottle: ['/sys/t'] }).linux?.maskedPaths;
    expect(masked({})).toContain('/sys/t');
    expect(masked({ maskedPaths: ['/x'] })).toEqual(['/x']);
    expect(masked({ securityOpt: ['systempaths=unconfined'] })).toEqual([]);
  });

  test('devices: one, a directory of them, a missing one', () => {
    const node = (path: string, minor: number) =>
      ({ path, type: 'c', major: 116, minor, mode: 0o660, uid: 0, gid: 29 }) as const;
    const facts = { devices: new Map([['/dev/snd', [node('/dev/snd/a', 1), node('/dev/snd/b', 2)]]]) };
    const mapping = { pathOnHost: '/dev/snd', pathInContainer: '/dev/sound', permissions: 'r' };
    const { linux } = specFor({ devices: [mapping] }, facts);
    expect(linux?.devices?.map(({ path }) => path)).toEqual(['/dev/sound/a', '/dev/sound/b']);
    expect(linux?.resources?.devices?.at(-1)).toEqual({
      allow: true,
      type: 'c',
      major: 116,
      minor: 2,
      access: 'r',
    });
    expect(() => specFor({ devices: [{ ...mapping, pathOnHost: '/dev/none' }] })).toThrow(
      'error gathering device information while adding custom device "/dev/none": no such file or directory',
    );
    expect(parseDeviceRule('c 42:* rmw')).toEqual({ allow: true, type: 'c', major: 42, access: 'rmw' });
    expect(() => parseDeviceRule('x 1:2 r')).toThrow("invalid device cgroup rule format: 'x 1:2 r'");
  });

  test('sysctls: defaults of an own network; others only of own namespaces', () => {
    expect(specFor({ sysctls: { 'net/ipv4/ip_forward': '1' } }).linux?.sysctl).toEqual({
      'net.ipv4.ip_unprivileged_port_start': '0',
      'net.ipv4.ping_group_range': '0 2147483647',
      'net.ipv4.ip_forward': '1',
    });
    expect(specFor({ networkMode: 'host' }).linux?.sysctl).toEqual({});
    const refused: [Partial<HostConfig>, string][] = [
      [{ sysctls: { 'kernel.panic': '1' } }, 'sysctl "kernel.panic" is not in a separate kernel namespace'],
      [
        { sysctls: { 'net.core.x': '1' }, networkMode: 'host' },
        'sysctl "net.core.x" not allowed in host network namespace',
      ],
      [{ sysctls: { 'kernel.shmmax': '1' }, ipcMode: 'host' }, 'is not allowed in the hosts ipc namespace'],
      [{ sysctls: { 'net.../../../kernel/panic': '1' } }, 'is not in a separate kernel namespace'],
    ];
    for (const [host, text] of refused) expect(() => validateSysctls(hostConfig(host))).toThrow(text);
  });
});

describe('resources', () => {
  test('fractions of processors, swap, shares in range', () => {
    const resources = specResources(
      hostConfig({ nanoCpus: 15e8, memory: 1 << 30, cpuShares: 1, pidsLimit: 0 }),
      new Map(),
    );
    expect(resources).toEqual({
      cpu: { shares: 2, period: 100_000, quota: 150_000 },
      memory: { limit: 1 << 30, swap: 2 ** 31 },
      pids: { limit: -1 },
    });
  });

  test('nothing set is nothing said', () => expect(specResources(hostConfig(), new Map())).toEqual({}));

  test('block devices by their numbers', () => {
    const blkioDeviceReadBps = [{ path: '/dev/sda', rate: 1024 }];
    const devices = new Map([['/dev/sda', { major: 8, minor: 0 }]]);
    expect(specResources(hostConfig({ blkioDeviceReadBps }), devices).blockIO).toEqual({
      throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1024 }],
    });
    expect(() => specResources(hostConfig({ blkioDeviceReadBps }), new Map())).toThrow('/dev/sda');
  });
});

describe('--security-opt', () => {
  test('what Docker takes', () => {
    expect(
      parseSecurityOptions(['no-new-privileges', 'label=disable', 'apparmor=x', 'seccomp=unconfined']),
    ).toEqual({
      noNewPrivileges: true,
      seccomp: 'unconfined',
      systemPathsUnconfined: false,
      writableCgroups: false,
    });
    expect(parseSecurityOptions(['no-new-privileges:false', 'seccomp=builtin']).noNewPrivileges).toBe(false);
  });

  test('what it refuses, in its words', () => {
    expect(() => parseSecurityOptions(['what'])).toThrow('invalid --security-opt 1: "what"');
    expect(() => parseSecurityOptions(['a=b'])).toThrow('invalid --security-opt 2: "a=b"');
    expect(() => parseSecurityOptions(['no-new-privileges=perhaps'])).toThrow('invalid --security-opt value');
  });

  test('seccomp: default, none, or a profile', () => {
    const filterOf = (securityOpt: string[], privileged = false) =>
      specFor({ securityOpt, privileged }).linux?.seccomp;
    expect(filterOf([])?.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(filterOf(['seccomp=unconfined'])).toBeUndefined();
    const profile = 'seccomp={"defaultAction":"SCMP_ACT_LOG"}';
    expect(filterOf([profile])?.defaultAction).toBe('SCMP_ACT_LOG');
    expect(filterOf([profile], true)?.defaultAction).toBe('SCMP_ACT_LOG');
  });
});
