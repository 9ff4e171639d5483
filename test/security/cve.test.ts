/** One case for each known hole that concerns what gantry does; the numbers are those of the CVEs in other engines. */
import { expect } from 'bun:test';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { command, succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { busyboxTar } from '../rig/images.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const cli = 'docker';
const reference = 'gantry is held to more than Docker 20.10';

/** An image of busybox with something done to its root by a shell script. */
async function imageWith(
  engine: TestEngine,
  name: string,
  script: string,
  ...changes: string[]
): Promise<void> {
  const tar = join(engine.directory, `${name}.tar`);
  const steps = `set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; tar -xf ${busyboxTar}; ${script}; tar --numeric-owner -cf ${tar} .`;
  await succeed(['sh', '-c', steps]);
  await engine.ok(cli, 'import', ...changes.flatMap((change) => ['--change', change]), tar, name);
}

once(
  'CVE-2026-31431: AF_ALG and AF_VSOCK are denied, also to 32-bit code and through socketcall',
  async (engine) => {
    const program = join(engine.directory, 'sockets');
    await succeed(['cc', '-static', '-O1', '-o', program, join(import.meta.dir, 'programs/sockets.c')]);
    const output = await engine.ok(cli, 'run', '--rm', '-v', `${program}:/sockets:ro`, 'busybox', '/sockets');
    // A kernel may have no 32-bit system calls at all: then a container has none either.
    const here = await succeed([program]);
    const doors = ['alg-64', 'vsock-64', 'alg-32', 'alg-socketcall'].map(
      (door) => `${door} ${here.includes(`${door} absent`) ? 'absent' : 'denied'}`,
    );
    expect(output.split('\n')).toEqual([...doors, 'inet-64 open']);
  },
  reference,
);

once('CVE-2019-5736: the engine binary cannot be reached through /proc/self/exe', async (engine) => {
  await imageWith(engine, 'exe', 'printf "#!/proc/self/exe\\n" > bin/again; chmod 755 bin/again');
  const before = Bun.hash(await Bun.file('build/gantry-init').bytes());
  await engine.run(cli, ['run', '--rm', 'exe', '/bin/again', 'x']);
  const write = 'for p in /proc/[0-9]*; do echo x 2>/dev/null > $p/exe && echo wrote $p; done; true';
  await engine.ok(cli, 'run', '-d', '--name', 'victim', 'exe', 'sleep', '60');
  await engine.run(cli, ['exec', 'victim', '/bin/again']);
  expect(await engine.ok(cli, 'exec', 'victim', 'sh', '-c', write)).toBe('');
  await engine.ok(cli, 'rm', '-f', 'victim');
  expect(Bun.hash(await Bun.file('build/gantry-init').bytes())).toBe(before);
});

once(
  'CVE-2016-9962: a process that enters shows no descriptor of the host',
  async (engine) => {
    const watch =
      'while :; do for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null; done; done | grep -- "->" | grep -v "/dev/\\|pipe:\\|/proc" > /seen';
    await engine.ok(
      cli,
      'run',
      '-d',
      '--name',
      'watcher',
      '--cap-add',
      'SYS_PTRACE',
      'busybox',
      'sh',
      '-c',
      watch,
    );
    for (let i = 0; i < 100; i++) await engine.ok(cli, 'exec', 'watcher', 'true');
    expect(
      await engine.ok(
        cli,
        'exec',
        'watcher',
        'sh',
        '-c',
        // The last line may be half written.
        'grep -v "socket:\\|/seen\\|anon_inode\\|-> /$" /seen | grep -e "-> ." | head -3',
      ),
    ).toBe('');
    await engine.ok(cli, 'rm', '-f', 'watcher');
  },
  reference,
);

once(
  'CVE-2019-16884, CVE-2023-28642: an image cannot take /proc away',
  async (engine) => {
    await imageWith(engine, 'procvolume', 'true', 'VOLUME /proc');
    const volume = await engine.run(cli, [
      'run',
      '--rm',
      'procvolume',
      'sh',
      '-c',
      'cat /proc/self/mounts | wc -l; cat /proc/timer_list | wc -c',
    ]);
    expect(volume.code === 0 ? volume.stdout.split('\n')[1] : '0').toBe('0');
    await imageWith(engine, 'proclink', 'ln -s /tmp proc');
    const link = await engine.run(cli, [
      'run',
      '--rm',
      'proclink',
      'sh',
      '-c',
      'cat /proc/timer_list | wc -c; ls /tmp',
    ]);
    expect(link.code === 0 ? link.stdout.split('\n')[0] : '0').toBe('0');
  },
  reference,
);

once('CVE-2024-45310: a /dev that is a link out of the image creates nothing on the host', async (engine) => {
  const canary = join(engine.directory, 'canary');
  mkdirSync(canary);
  await imageWith(engine, 'devlink', `ln -s ${canary} dev; ln -s ../../..${canary} sys`);
  await engine.run(cli, ['run', '--rm', 'devlink', 'true']);
  await engine.run(cli, ['run', '--rm', '-v', '/tmp:/dev/deep/er', 'devlink', 'true']);
  expect(readdirSync(canary)).toEqual([]);
});

once(
  'CVE-2024-9676 and others: a passwd that is a FIFO, a link or endless neither hangs nor reads the host',
  async (engine) => {
    await imageWith(engine, 'fifo', 'rm etc/passwd; mkfifo etc/passwd');
    await imageWith(engine, 'link', 'rm etc/passwd; ln -s ../../../../../../etc/passwd etc/passwd');
    await imageWith(engine, 'huge', 'rm etc/passwd; truncate -s 2G etc/passwd');
    for (const image of ['fifo', 'link', 'huge']) {
      const result = await engine.run(cli, ['run', '--rm', '-u', 'messagebus', image, 'id'], {
        timeout: 20_000,
      });
      expect([image, result.code === 0 || result.code === 137]).toEqual([image, false]);
    }
    expect(await (await engine.api('/_ping')).text()).toBe('OK');
  },
  reference,
);

once('CVE-2022-29162: no inheritable capability, in run, exec and with a user', async (engine) => {
  const show = ['grep', 'CapInh', '/proc/self/status'];
  await engine.ok(cli, 'run', '-d', '--name', 'inh', 'busybox', 'sleep', '60');
  for (const args of [
    ['run', '--rm', 'busybox'],
    ['exec', 'inh'],
    ['exec', '-u', '33', 'inh'],
  ])
    expect(await engine.ok(cli, ...args, ...show)).toMatch(/\t0{16}$/);
  await engine.ok(cli, 'rm', '-f', 'inh');
});

once(
  'CVE-2022-36109: groups are exactly those asked for',
  async (engine) => {
    const groups = (...args: string[]) => engine.ok(cli, 'run', '--rm', ...args, 'busybox', 'id', '-G');
    expect(await groups('-u', '33')).toBe('33');
    expect(await groups('-u', 'daemon')).toBe('1 4');
    expect(await groups('-u', 'daemon:www-data')).toBe('33');
    expect(await groups('-u', '1000', '--group-add', '5', '--group-add', 'adm')).toBe('0 4 5');
  },
  'Docker 20.10 leaves the primary group out or adds others',
);

once('CVE-2024-40635: ids beyond 2^31 are refused, never root', async (engine) => {
  for (const user of ['4294967296', '2147483648', '-1', '1:4294967296', '99999999999999999999'])
    expect([
      user,
      (await engine.run(cli, ['run', '--rm', '-u', user, 'busybox', 'id', '-u'])).code === 0,
    ]).toEqual([user, false]);
});

once(
  'CVE-2021-41091: nobody but root looks into the data root',
  async (engine) => {
    expect(statSync(engine.dataRoot).mode & 0o7).toBe(0);
    chmodSync(engine.directory, 0o755);
    const peek = await command(['setpriv', '--reuid=65534', '--clear-groups', 'ls', engine.dataRoot]);
    expect(peek.code).not.toBe(0);
    expect(statSync(engine.socket).mode & 0o7).toBe(0);
  },
  reference,
);

once('CVE-2022-0492: no cgroup file system from within, and the one there is read-only', async (engine) => {
  const script =
    'mkdir /m; mount -t cgroup -o memory c /m 2>&1; mkdir /sys/fs/cgroup/memory/x 2>&1; echo $$ > /sys/fs/cgroup/cgroup.procs';
  const result = await engine.run(cli, ['run', '--rm', 'busybox', 'sh', '-c', script]);
  expect(result.stdout).toMatch(/permission denied|not permitted/i);
  expect(`${result.stdout}${result.stderr}`).toMatch(/Read-only|nonexistent|denied/);
});

once(
  'CVE-2021-30465: exchanging a mount point for a link during starts never reaches the host',
  async (engine) => {
    const canary = join(engine.directory, 'swap-canary');
    mkdirSync(canary);
    const swap = `mkdir -p /v/a; while :; do rm -rf /v/t; ln -s ${canary} /v/t; rm -f /v/t; mkdir /v/t; done`;
    await engine.ok(cli, 'run', '-d', '--name', 'swapper', '-v', 'race:/v', 'busybox', 'sh', '-c', swap);
    for (let i = 0; i < 60; i++)
      await engine.run(cli, ['run', '--rm', '-v', 'race:/v', '--tmpfs', '/v/t/made', 'busybox', 'true']);
    expect(readdirSync(canary)).toEqual([]);
    await engine.ok(cli, 'rm', '-f', 'swapper');
    await engine.ok(cli, 'volume', 'rm', 'race');
  },
  reference,
);
