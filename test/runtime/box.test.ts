/** From a Container record to a running program, on this machine's own kernel and cgroups. Needs root. */
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountPoint } from '../../src/containers/model.ts';
import { cgroupsPath } from '../../src/containers/spec.ts';
import { specResources } from '../../src/containers/spec-resources.ts';
import { messageOf } from '../../src/lib/errors.ts';
import { encodeOperations, Writer } from '../../src/linux/encode.ts';
import { nativePath } from '../../src/linux/native.ts';
import { Box, cgroups } from './box.ts';

const v1 = cgroups.version === 1;
const lines = (text: string) => text.split('\n');
const failureOf = async (promise: Promise<unknown>) => {
  try {
    await promise;
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('it did not fail');
};

const point = (changes: Partial<MountPoint>): MountPoint => ({
  type: 'bind',
  name: '',
  source: '',
  destination: '',
  driver: '',
  mode: '',
  readWrite: true,
  propagation: '',
  ...changes,
});

describe('isolation', () => {
  test('process 1, root, Docker’s capabilities, a filter, two descriptors more', async () => {
    await using box = new Box();
    const text = await box.sh(
      'echo $$; id -u; grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; hostname',
    );
    expect(lines(text)).toEqual([
      '1',
      '0',
      'CapInh:\t0000000000000000',
      'CapPrm:\t00000000a80425fb',
      'CapEff:\t00000000a80425fb',
      'CapBnd:\t00000000a80425fb',
      'CapAmb:\t0000000000000000',
      'NoNewPrivs:\t0',
      'Seccomp:\t2',
      'c0ffee000000',
    ]);
  });

  test('a user who is not root keeps the bounding set and has no other', async () => {
    await using box = new Box();
    const text = await box.sh(
      'id; grep -E "^Cap(Eff|Bnd)" /proc/self/status; echo $HOME',
      {},
      { user: 'web' },
    );
    expect(lines(text)).toEqual([
      'uid=1000(web) gid=100(users) groups=100(users)',
      'CapEff:\t0000000000000000',
      'CapBnd:\t00000000a80425fb',
      '/home/web',
    ]);
  });

  test('masked, read-only, hidden', async () => {
    await using box = new Box();
    const text = await box.sh(
      'cat /proc/keys /proc/timer_list | head -c 10; ls /sys/firmware; (echo x > /proc/sys/kernel/domainname) 2>&1; mount -o remount,rw /proc/sys 2>&1; echo end',
    );
    expect(text).toContain('Read-only file system');
    expect(text).toContain('permission denied');
    expect(lines(text).at(-1)).toBe('end');
  });

  test('--read-only, --tmpfs, volumes read-only and not, working directory made', async () => {
    await using box = new Box();
    const host = join(box.directory, 'host');
    mkdirSync(host);
    writeFileSync(join(host, 'file'), 'from the host');
    const container = {
      ...box.container(
        [
          'sh',
          '-c',
          'pwd; touch /x 2>&1; touch /run/y && echo tmpfs; cat /ro/file; echo; touch /ro/z 2>&1; touch /rw/new',
        ],
        { readonlyRootfs: true, tmpfs: { '/run': 'size=1m' } },
        { workingDir: '/tmp' },
      ),
      mounts: [
        point({ source: host, destination: '/ro', readWrite: false }),
        point({ source: host, destination: '/rw' }),
      ],
    };
    expect(lines(await box.output(container))).toEqual([
      '/tmp',
      'touch: /x: Read-only file system',
      'tmpfs',
      'from the host',
      'touch: /ro/z: Read-only file system',
    ]);
    expect(existsSync(join(host, 'new'))).toBe(true);
  });

  test('privileged: every capability that there is, no filter, /sys writable, the devices of the host', async () => {
    await using box = new Box();
    const text = await box.sh(
      'grep -E "^(CapEff|Seccomp:)" /proc/self/status; mount | grep " /sys "; ls /dev | grep -c .',
      { privileged: true },
    );
    const own = await Bun.file('/proc/self/status').text();
    expect(text).toContain(`CapEff:\t${/CapEff:\t(\w+)/.exec(own)?.[1]}`);
    expect(text).toContain('Seccomp:\t0');
    expect(text).toMatch(/sysfs on \/sys type sysfs \(rw/);
  });

  test('devices: forbidden ones cannot be opened even when made', async () => {
    await using box = new Box();
    // Opening /dev/fuse has no effect on anything.
    const script = 'busybox mknod /tmp/fuse c 10 229; (exec 3< /tmp/fuse) 2>&1 && echo opened || true';
    expect(await box.sh(script)).toEndWith('Operation not permitted');
    await using other = new Box();
    expect(await other.sh(script, { deviceCgroupRules: ['c 10:229 r'] })).toBe('opened');
    expect(await other.sh('head -c 4 /dev/zero | busybox wc -c')).toBe('4');
  });

  test('sysctls, own hostname, no-new-privileges', async () => {
    await using box = new Box();
    const text = await box.sh(
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmax; hostname; grep NoNew /proc/self/status; grep Seccomp: /proc/self/status',
      { sysctls: { 'kernel.shmmax': '123456' }, securityOpt: ['no-new-privileges'] },
      { hostname: 'box' },
    );
    expect(lines(text)).toEqual(['0', '123456', 'box', 'NoNewPrivs:\t1', 'Seccomp:\t2']);
  });

  test('--init: process 1 is the reaper', async () => {
    await using box = new Box();
    expect(await box.sh('cat /proc/1/comm; echo $$', { init: true })).toBe('docker-init\n2');
  });

  test('a private cgroup namespace shows its own top', async () => {
    await using box = new Box();
    const text = await box.sh('cat /proc/self/cgroup; ls /sys/fs/cgroup', { cgroupnsMode: 'private' });
    expect(lines(text).filter((line) => line.includes('gantry'))).toEqual([]);
  });

  test('the seccomp filter is the one that was asked for', async () => {
    await using box = new Box();
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 }],
    };
    const text = await box.sh('busybox mkdir /tmp/x 2>&1 || true', {
      securityOpt: [`seccomp=${JSON.stringify(profile)}`],
    });
    expect(text).toContain('No space left on device');
    expect(await box.sh('busybox unshare -m true 2>&1 || true')).toContain('Operation not permitted');
  });
});

describe('limits', () => {
  const file = (one: string, two: string) => `cat /sys/fs/cgroup/${v1 ? one : two}`;

  test('memory with swap, processors, processes', async () => {
    await using box = new Box();
    const host = {
      memory: 64 << 20,
      memorySwap: 96 << 20,
      nanoCpus: 5e8,
      cpuShares: 512,
      pidsLimit: 33,
      cpusetCpus: '0',
    };
    const script = [
      file('memory/memory.limit_in_bytes', 'memory.max'),
      file('memory/memory.memsw.limit_in_bytes', 'memory.swap.max'),
      file('cpu/cpu.cfs_quota_us', 'cpu.max'),
      file('cpu/cpu.shares', 'cpu.weight'),
      file('pids/pids.max', 'pids.max'),
      file('cpuset/cpuset.cpus', 'cpuset.cpus'),
    ].join(';');
    expect(lines(await box.sh(script, host))).toEqual([
      String(64 << 20),
      String((v1 ? 96 : 32) << 20),
      v1 ? '50000' : '50000 100000',
      v1 ? '512' : '59',
      '33',
      '0',
    ]);
  });

  test('while it runs: stats, update, freeze, kill, remove', async () => {
    await using box = new Box();
    const container = box.container(['sh', '-c', 'sleep 100 & while :; do :; done'], { memory: 64 << 20 });
    const path = cgroupsPath(container);
    const bytes = new Writer().bytes(encodeOperations(box.plan(container))).finish();
    const child = Bun.spawn([nativePath(), 'run'], { stdin: bytes, stdout: 'ignore', stderr: 'pipe' });
    for (let i = 0; i < 100 && (await cgroups.pids(path)).length < 2; i++) await Bun.sleep(10);
    expect((await cgroups.pids(path)).length).toBe(2);

    await Bun.sleep(100);
    const stats = await cgroups.stats(path);
    expect(stats.cpu.total).toBeGreaterThan(10_000_000);
    expect(stats.memory).toMatchObject({ limit: 64 << 20 });
    expect(stats.memory.usage).toBeGreaterThan(0);
    expect(stats.pids.current).toBe(2);

    for (const size of [256, 32]) {
      const resources = { ...container.hostConfig, memory: size << 20, memorySwap: size << 20 };
      await cgroups.update(path, specResources(resources, new Map()));
      expect((await cgroups.stats(path)).memory.limit).toBe(size << 20);
    }

    await cgroups.freeze(path, true);
    const frozen = (await cgroups.stats(path)).cpu.total;
    await Bun.sleep(50);
    expect((await cgroups.stats(path)).cpu.total).toBe(frozen);
    await cgroups.kill(path);
    expect(await cgroups.pids(path)).toEqual([]);
    expect(await child.exited).toBe(137);
    await cgroups.remove(path);
    await cgroups.remove(path);
    expect(await cgroups.pids(path)).toEqual([]);
  });
});

describe('failures in Docker’s words', () => {
  test('programs, directories, users, mounts', async () => {
    await using box = new Box();
    const failure = (argv: string[], config = {}) => failureOf(box.output(box.container(argv, {}, config)));
    expect(await failure(['nosuch'])).toEndWith(
      'exec: "nosuch": executable file not found in $PATH: unknown',
    );
    expect(await failure(['/nosuch'])).toEndWith(
      'exec: "/nosuch": stat /nosuch: no such file or directory: unknown',
    );
    expect(await failure(['/etc/passwd'])).toEndWith('exec: "/etc/passwd": permission denied: unknown');
    expect(await failure(['/etc'])).toEndWith('exec: "/etc": is a directory: unknown');
    expect(await failure(['sh'], { user: 'nobody9' })).toEndWith(
      'unable to find user nobody9: no matching entries in passwd file',
    );
    expect(await failure(['sh'], { workingDir: '/etc/passwd' })).toContain('chdir to cwd ("/etc/passwd")');
    const container = box.container(['sh']);
    const mounts = [point({ source: '/etc/hostname', destination: '/etc' })];
    expect(await failureOf(box.output({ ...container, mounts }))).toContain(
      'error mounting "/etc/hostname" to rootfs at "/etc"',
    );
  });
});
