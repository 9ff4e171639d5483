/** A disk that fills up, and a client that leaves, while files are copied in: what could not be completed is not there. */
import { expect } from 'bun:test';
import { join } from 'node:path';
import { eventually } from '../rig/command.ts';
import { SmallDisk } from '../rig/loop.ts';
import { suite } from '../rig/suite.ts';
import { removed, Workbench } from './cp.rig.ts';

const { each, once } = suite();

each(
  'a full disk',
  async (cli, engine) => {
    await using disk = await SmallDisk.create(32);
    const work = new Workbench(engine, cli);
    await work.sh('mkdir in; echo a >in/a; head -c 40000000 /dev/urandom >in/b; echo c >in/c');
    const c = await engine.ok('docker', 'run', '-d', '-v', `${disk.path}:/small`, 'busybox', 'sleep', '1000');
    const free = disk.free;
    for (const state of ['running', 'exited']) {
      if (state === 'exited') await engine.ok('docker', 'kill', c);
      expect(await work.cp('in/b', `${c}:/small/big`)).toBe(
        'Error response from daemon: write /small/big: no space left on device [1]',
      );
      expect(await work.cp('in', `${c}:/small`)).toBe(
        'Error response from daemon: write /small/in/b: no space left on device [1]',
      );
      expect(await work.sh(`cd ${disk.path}; find . -not -name lost+found | sort`)).toBe('.\n./in\n./in/a');
      await work.sh(`rm -r ${disk.path}/in; sync -f ${disk.path}`);
      expect(disk.free).toBeGreaterThan(free - 200_000);
    }
    await removed(engine, c);
  },
  'Docker leaves the half of the file',
);

each(
  'a full disk of this machine, while files are copied out',
  async (cli, engine) => {
    await using disk = await SmallDisk.create(32);
    const work = new Workbench(engine, cli);
    const c = await engine.ok(
      'docker',
      'create',
      'busybox',
      'sh',
      '-c',
      'head -c 40000000 /dev/urandom >/big',
    );
    await engine.ok('docker', 'start', '-a', c);
    expect(await work.cp(`${c}:/big`, join(disk.path, 'big'))).toContain('no space left on device');
    if (cli === 'gantry') expect(await work.sh(`ls ${disk.path}`)).toBe('lost+found');
    await removed(engine, c);
  },
  'it is the command line that is tested',
);

once(
  'a client that leaves in the middle',
  async (engine) => {
    const work = new Workbench(engine, 'docker');
    await work.sh('mkdir in; echo a >in/a; head -c 40000000 /dev/urandom >in/b; tar cf in.tar in/a in/b');
    const half = (await Bun.file(join(work.path, 'in.tar')).bytes()).subarray(0, 20_000_000);
    for (const state of ['running', 'created']) {
      const c = await engine.ok('docker', 'create', 'busybox', 'sleep', '1000');
      if (state === 'running') await engine.ok('docker', 'start', c);
      const url = `http://engine/containers/${c}/archive?path=/root`;
      const client = Bun.spawn(['curl', '-sS', '--unix-socket', engine.socket, '-T', '-', url], {
        stdin: 'pipe',
        stdout: 'ignore',
        stderr: 'ignore',
      });
      client.stdin.write(half);
      await client.stdin.flush();
      // Of a container that does not run the lock is held meanwhile: nobody else can look.
      await Bun.sleep(2000);
      client.kill('SIGKILL');
      await client.exited;
      const status = async (path: string) =>
        (await engine.api(`/containers/${c}/archive?path=${path}`, { method: 'HEAD' })).status;
      await eventually(async () => (await status('/root/in/b')) === 404, 'the half is gone');
      expect(await status('/root/in/a')).toBe(200);
      await removed(engine, c);
    }
  },
  'Docker leaves the half of the file',
);
