import { expect } from 'bun:test';
import { isGantry } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();
const sh = (script: string) => ['busybox', 'sh', '-c', script];

each('own pids, mounts, host name, ipc, network', async (cli, engine) => {
  expect(await engine.ok(cli, 'run', '--rm', ...sh('echo $$; ps | wc -l'))).toMatch(/^1\n[3-5]$/);
  expect(await engine.ok(cli, 'run', '--rm', '-h', 'box', ...sh('hostname; cat /etc/hostname'))).toBe(
    'box\nbox',
  );
  expect(await engine.ok(cli, 'run', '--rm', '--network', 'none', ...sh('ls /sys/class/net'))).toBe('lo');
  const list = 'for n in pid mnt uts ipc net; do readlink /proc/self/ns/$n; done';
  const inside = (await engine.ok(cli, 'run', '--rm', ...sh(list))).split('\n');
  const host = (await new Response(Bun.spawn(['sh', '-c', list]).stdout).text()).trim().split('\n');
  for (const [i, name] of inside.entries()) expect(name).not.toBe(host[i]);
});

each('namespaces of the host on request', async (cli, engine) => {
  const link = async (flag: string, name: string) =>
    await engine.ok(cli, 'run', '--rm', ...flag.split(' '), ...sh(`readlink /proc/self/ns/${name}`));
  const host = async (name: string) =>
    (await new Response(Bun.spawn(['readlink', `/proc/self/ns/${name}`]).stdout).text()).trim();
  for (const [flag, name] of [
    ['--pid host', 'pid'],
    ['--uts host', 'uts'],
    ['--ipc host', 'ipc'],
  ] as const)
    expect(await link(flag, name)).toBe(await host(name));
});

each('namespaces of another container', async (cli, engine) => {
  await engine.ok(cli, 'run', '-d', '--name', 'first', '--ipc', 'shareable', 'busybox', 'sleep', '60');
  const flags = ['--network', 'container:first', '--pid', 'container:first', '--ipc', 'container:first'];
  const list = 'for n in pid ipc net; do readlink /proc/self/ns/$n; done';
  const joined = await engine.ok(cli, 'run', '--rm', ...flags, ...sh(list));
  expect(joined).toBe(await engine.ok(cli, 'exec', 'first', 'sh', '-c', list));
  await engine.ok(cli, 'rm', '-f', 'first');
});

each('capabilities', async (cli, engine) => {
  const effective = async (...flags: string[]) =>
    (await engine.ok(cli, 'run', '--rm', ...flags, ...sh('grep CapEff /proc/self/status'))).split('\t')[1];
  expect(await effective()).toBe('00000000a80425fb');
  expect(await effective('--cap-drop', 'ALL')).toBe('0000000000000000');
  expect(await effective('--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN')).toBe('0000000000001000');
  expect(await effective('--cap-add', 'cap_sys_ptrace')).toBe('00000000a80c25fb');
  expect(await effective('-u', '1000')).toBe('0000000000000000');
  expect(await engine.ok(cli, 'run', '--rm', ...sh('grep CapInh /proc/self/status'))).toMatch(/0{16}$/);
});

each('seccomp', async (cli, engine) => {
  const mode = async (...flags: string[]) =>
    await engine.ok(cli, 'run', '--rm', ...flags, ...sh('grep Seccomp: /proc/self/status'));
  expect(await mode()).toMatch(/2$/);
  expect(await mode('--security-opt', 'seccomp=unconfined')).toMatch(/0$/);
  expect((await engine.run(cli, ['run', '--rm', ...sh('unshare -m true')])).code).not.toBe(0);
});

each('no new privileges', async (cli, engine) => {
  const nnp = sh('grep NoNewPrivs /proc/self/status');
  expect(await engine.ok(cli, 'run', '--rm', ...nnp)).toMatch(/0$/);
  expect(await engine.ok(cli, 'run', '--rm', '--security-opt', 'no-new-privileges', ...nnp)).toMatch(/1$/);
});

each('masked and read-only paths', async (cli, engine) => {
  const script =
    'cat /proc/keys | wc -c; cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l; echo 1 > /proc/sys/kernel/panic';
  const result = await engine.run(cli, ['run', '--rm', ...sh(script)]);
  expect(result.stdout).toBe('0\n0\n0\n');
  expect(result.stderr).toContain('Read-only file system');
});

each(
  'privileged lifts all of that',
  async (cli, engine) => {
    const script =
      'grep -c Seccomp:.0 /proc/self/status; test -e /dev/kmsg && echo kmsg; touch /sys/x 2>&1 | grep -c "Read-only"; mount -t tmpfs x /mnt 2>/dev/null || { mkdir /mnt; mount -t tmpfs x /mnt; } && echo mounted';
    expect(await engine.ok(cli, 'run', '--rm', '--privileged', ...sh(script))).toBe('1\nkmsg\n0\nmounted');
  },
  'runc gives up where the host itself lacks a capability (CAP_SYS_RESOURCE here)',
);

each('read-only root, writable tmpfs', async (cli, engine) => {
  const script = 'touch /x 2>&1; touch /t/x && echo fine; grep " /t " /proc/mounts';
  const output = await engine.ok(
    cli,
    'run',
    '--rm',
    '--read-only',
    '--tmpfs',
    '/t:size=1m,mode=1777',
    ...sh(script),
  );
  expect(output).toContain('Read-only file system');
  expect(output).toContain('fine');
  expect(output).toContain('size=1024k');
});

each('devices', async (cli, engine) => {
  const devices = 'null zero full random urandom tty ptmx fd stdin stdout stderr shm mqueue pts';
  expect(
    await engine.ok(cli, 'run', '--rm', ...sh(`for d in ${devices}; do test -e /dev/$d || echo no $d; done`)),
  ).toBe('');
  const raw = await engine.run(cli, ['run', '--rm', ...sh('mknod /d b 254 0 && head -c 1 /d')]);
  expect(raw.code).not.toBe(0);
  const loop = await engine.ok(
    cli,
    'run',
    '--rm',
    '--device',
    '/dev/kmsg:/dev/mine:r',
    ...sh('ls -l /dev/mine | cut -c1'),
  );
  expect(loop).toBe('c');
});

each('sysctls, ulimits, shm size, hostname and domain', async (cli, engine) => {
  expect(
    await engine.ok(
      cli,
      'run',
      '--rm',
      '--sysctl',
      'net.core.somaxconn=321',
      ...sh('cat /proc/sys/net/core/somaxconn'),
    ),
  ).toBe('321');
  expect((await engine.run(cli, ['run', '--rm', '--sysctl', 'kernel.panic=1', 'busybox', 'true'])).code).toBe(
    125,
  );
  expect(
    await engine.ok(cli, 'run', '--rm', '--ulimit', 'nofile=100:200', ...sh('ulimit -n; ulimit -Hn')),
  ).toBe('100\n200');
  expect(
    await engine.ok(
      cli,
      'run',
      '--rm',
      '--shm-size',
      '8m',
      ...sh("df -k /dev/shm | tail -1 | awk '{print $2}'"),
    ),
  ).toBe('8192');
  expect(
    await engine.ok(
      cli,
      'run',
      '--rm',
      '--domainname',
      'example.test',
      ...sh('cat /proc/sys/kernel/domainname'),
    ),
  ).toBe('example.test');
});

each('environment, working directory, entrypoint, user', async (cli, engine) => {
  const file = `${engine.directory}/env`;
  await Bun.write(file, '# comment\nFROM_FILE=yes\nHOME_TOO\n');
  const env = await engine.ok(
    cli,
    'run',
    '--rm',
    '-e',
    'A=1',
    '--env-file',
    file,
    '-h',
    'host1',
    'busybox',
    'env',
  );
  expect(env.split('\n').sort()).toEqual(
    expect.arrayContaining(['A=1', 'FROM_FILE=yes', 'HOSTNAME=host1', 'HOME=/root']),
  );
  expect(env).toContain('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  expect(await engine.ok(cli, 'run', '--rm', '-w', '/made/for/me', 'busybox', 'pwd')).toBe('/made/for/me');
  expect(await engine.ok(cli, 'run', '--rm', '--entrypoint', 'echo', 'busybox', 'hello')).toBe('hello');
  expect(await engine.ok(cli, 'run', '--rm', '-u', 'daemon', ...sh('id'))).toContain(
    'uid=1(daemon) gid=1(daemon)',
  );
  expect(await engine.ok(cli, 'run', '--rm', '-u', '5000:6000', ...sh('id -u; id -g'))).toBe('5000\n6000');
  expect(await engine.ok(cli, 'run', '--rm', '-u', 'daemon', '--group-add', '777', ...sh('id -G'))).toBe(
    '1 4 777',
  );
  expect((await engine.run(cli, ['run', '--rm', '-u', '4294967296', 'busybox', 'id'])).code).not.toBe(0);
});

each('leaked descriptors: none, also through the working directory', async (cli, engine) => {
  expect(await engine.ok(cli, 'run', '--rm', ...sh('ls /proc/self/fd | tr "\\n" " "'))).toMatch(
    /^0 1 2 3 ?$/,
  );
  for (const fd of [3, 5, 7, 9])
    expect(
      (await engine.run(cli, ['run', '--rm', '-w', `/proc/self/fd/${fd}`, 'busybox', 'ls'])).code,
    ).not.toBe(0);
});

each('--init reaps and forwards', async (cli, engine) => {
  const output = await engine.ok(cli, 'run', '--rm', '--init', ...sh('cat /proc/1/comm; echo $$'));
  expect(output).toMatch(/^docker-init\n[2-9]$/);
  expect((await engine.run(cli, ['run', '--rm', '--init', ...sh('exit 9')])).code).toBe(9);
  const id = await engine.ok(cli, 'run', '-d', '--init', 'busybox', 'sleep', '60');
  await engine.ok(cli, 'stop', id);
  expect(await engine.ok(cli, 'inspect', '-f', '{{.State.ExitCode}}', id)).toBe('143');
  await engine.ok(cli, 'rm', id);
});

each('sockets of the engine are paths, never abstract', async (cli, engine) => {
  const result = await engine.ok(
    cli,
    'run',
    '--rm',
    '--network',
    'host',
    ...sh('grep -c "@.*\\(gantry\\|shim\\)" /proc/net/unix || true'),
  );
  if (isGantry) expect(result).toBe('0');
});
