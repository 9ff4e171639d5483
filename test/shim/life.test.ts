import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import type { Operation } from '../../src/linux/operations.ts';
import { ShimClient, ShimGone } from '../../src/shim/client.ts';
import { launchShim } from '../../src/shim/launch.ts';
import type { ShimEvent } from '../../src/shim/messages.ts';
import { readExitRecord, readShimState } from '../../src/shim/records.ts';
import { demultiplex, memoryOf, operations, Rig, readAll, sh } from './rig.ts';

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/exe`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it never became true');
    await Bun.sleep(10);
  }
}

describe('a life', () => {
  test('leaves a state file, then an exit record, then nothing else', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('sleep 1; exit 7')));
    const started = await c.until('started');
    const state = await readShimState(c.launch.statePath);
    expect(state).toEqual({
      shimPid: c.shim.pid,
      pid: started.pid,
      startTime: started.startTime,
      startedAt: started.startedAt,
    });
    const stat = readFileSync(`/proc/${started.pid}/stat`, 'utf8');
    expect(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]).toBe(started.startTime);
    expect(statSync(c.launch.socketPath).mode & 0o777).toBe(0o600);
    expect(readFileSync(`/proc/${c.shim.pid}/cmdline`, 'utf8')).toBe(
      `gantry-init\0shim\0${c.launch.id.slice(0, 12)}\0`,
    );
    const exited = await c.until('exited');
    expect(exited).toEqual({ type: 'exited', code: 7, signal: 0, oom: false, finishedAt: exited.finishedAt });
    expect(await c.exitRecord()).toEqual({ code: 7, signal: 0, oom: false, finishedAt: exited.finishedAt });
    await c.gone;
    expect(existsSync(c.launch.socketPath)).toBe(false);
    expect(BigInt(exited.finishedAt) - BigInt(started.startedAt)).toBeGreaterThan(990_000_000n);
  });

  test('the exit record is there before `exited` is told', async () => {
    await using rig = new Rig();
    for (let i = 0; i < 20; i++) {
      const c = await rig.start(operations(['true']));
      await c.until('exited');
      expect(await c.exitRecord()).toBeDefined();
    }
  });

  test('a program that does not exist is a failure with its operation, and leaves no socket', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['/does/not/exist']));
    const failed = await c.until('failed');
    expect([failed.index, failed.errno]).toEqual([2, 2]);
    await c.gone;
    expect(existsSync(c.launch.socketPath)).toBe(false);
    expect(existsSync(c.launch.statePath)).toBe(false);
    expect(c.seen.some((event) => event.type === 'exited')).toBe(false);
  });

  test('whoever attaches to a start that fails is let go or finds nobody', async () => {
    await using rig = new Rig();
    for (let i = 0; i < 20; i++) {
      const c = await rig.start(operations(['/does/not/exist']), { expectAttach: 1 });
      try {
        const stream = await c.client.attach({ stdin: false, stdout: true, stderr: true });
        expect((await readAll(stream)).length).toBe(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ShimGone);
      }
      await c.gone;
    }
  });

  test('a socket path that is too long is refused', async () => {
    await using rig = new Rig();
    const socketPath = `${rig.dir}/${'x'.repeat(120)}`;
    expect(rig.start(operations(['true']), { socketPath })).rejects.toThrow('x'.repeat(120));
  });

  test('a stale socket is replaced', async () => {
    await using rig = new Rig();
    const socketPath = `${rig.dir}/s`;
    writeFileSync(socketPath, '');
    const c = await rig.start(operations(['sleep', '10']), { socketPath });
    await c.until('started');
    await c.client.signal('', 15).then(() => c.client.signal('', 9));
    await c.gone;
  });

  test('signals reach the process; its death by one is 128 more', async () => {
    await using rig = new Rig();
    const c = await rig.start(
      operations(sh('trap "echo usr1" USR1; echo ready; while :; do sleep 0.02; done')),
      {
        expectAttach: 1,
      },
    );
    const stream = await c.client.attach({ stdin: false, stdout: true, stderr: true });
    const output = readAll(stream);
    await eventually(() => c.log().length > 0);
    await c.client.signal('', 10);
    await eventually(() => c.log().length > 1);
    expect(c.client.signal('', 99)).rejects.toThrow('Invalid argument');
    await c.client.signal('', 9);
    expect(await c.until('exited')).toMatchObject({ code: 137, signal: 9 });
    expect(demultiplex(await output).stdout).toBe('ready\nusr1\n');
  });

  test('nobody at the socket is ShimGone', async () => {
    await using rig = new Rig();
    const client = new ShimClient(`${rig.dir}/none`);
    expect(client.watch()).rejects.toThrow(ShimGone);
    writeFileSync(`${rig.dir}/file`, '');
    expect(new ShimClient(`${rig.dir}/file`).signal('', 9)).rejects.toThrow(ShimGone);
  });

  test('orphans of the host pid namespace are adopted and do not hold up the end', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(sh('sleep 30 & echo $!; exit 3'), { host: true }), {
      expectAttach: 1,
    });
    const begin = performance.now();
    const stream = await c.client.attach({ stdin: false, stdout: true, stderr: true });
    const background = Number(demultiplex(await readAll(stream)).stdout);
    expect((await c.until('exited')).code).toBe(3);
    expect(performance.now() - begin).toBeGreaterThan(1900);
    expect(performance.now() - begin).toBeLessThan(4000);
    process.kill(background, 9);
  });
});

describe('the daemon', () => {
  async function launchAndKill(rig: Rig, list: Operation[], expectAttach: number) {
    const launch = {
      id: 'a'.repeat(64),
      socketPath: `${rig.dir}/s`,
      statePath: `${rig.dir}/state`,
      exitPath: `${rig.dir}/exit`,
      logPath: `${rig.dir}/log`,
      logMaxSize: 0,
      logMaxFiles: 1,
      logExtra: '',
      tty: false,
      openStdin: true,
      stdinOnce: false,
      expectAttach,
      memoryCgroup: '',
      cgroupVersion: 1,
    };
    const daemon = Bun.spawn(
      [process.execPath, `${import.meta.dir}/launcher.ts`, JSON.stringify({ launch, operations: list })],
      {
        stdout: 'pipe',
      },
    );
    const first = await daemon.stdout.getReader().read();
    const shimPid = Number(Buffer.from(first.value ?? []).toString());
    if (expectAttach === 0) await eventually(() => existsSync(launch.statePath));
    daemon.kill('SIGKILL');
    await daemon.exited;
    return { launch, shimPid, client: new ShimClient(launch.socketPath) };
  }

  test('may be killed: the next one finds the shim, its streams and its exit', async () => {
    await using rig = new Rig();
    const { launch, shimPid, client } = await launchAndKill(
      rig,
      operations(sh('read line; echo "got $line"; exit 4')),
      0,
    );
    await Bun.sleep(50);
    expect(isAlive(shimPid)).toBe(true);
    const seen: ShimEvent[] = [];
    const watching = (async () => {
      for await (const event of await client.watch()) seen.push(event);
    })();
    const stream = await client.attach({ stdin: true, stdout: true, stderr: true });
    await stream.write(Buffer.from('hello\n'));
    expect(demultiplex(await readAll(stream)).stdout).toBe('got hello\n');
    await watching;
    expect(seen.map((event) => event.type)).toEqual(['started', 'exited']);
    expect((await readExitRecord(launch.exitPath))?.code).toBe(4);
    await eventually(() => !isAlive(shimPid));
  });

  test('that dies while it still has to attach takes the start with it', async () => {
    await using rig = new Rig();
    const { launch, shimPid } = await launchAndKill(rig, operations(['sleep', '30']), 1);
    await eventually(() => !isAlive(shimPid));
    expect(existsSync(launch.socketPath)).toBe(false);
    expect(existsSync(launch.statePath)).toBe(false);
  });
});

const v1 = existsSync('/sys/fs/cgroup/memory/cgroup.procs');

describe('memory', () => {
  test('an OOM kill is told and recorded', async () => {
    await using rig = new Rig();
    const base = v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
    const memoryCgroup = `${base}/gantry-shim-test-${process.pid}`;
    mkdirSync(memoryCgroup);
    try {
      writeFileSync(`${memoryCgroup}/${v1 ? 'memory.limit_in_bytes' : 'memory.max'}`, '16777216');
      const [clone, ...rest] = operations(
        sh('sleep 0.1; (head -c 200m /dev/zero | tail); sleep 0.1; exit 5'),
      );
      if (!clone) throw new Error('no operations');
      const join: Operation = { op: 'write-pid', side: 'host', path: `${memoryCgroup}/cgroup.procs` };
      const barrier: Operation[] = [
        { op: 'signal-child', side: 'host' },
        { op: 'await-host', side: 'inside' },
      ];
      const c = await rig.start([clone, join, ...barrier, ...rest], {
        memoryCgroup,
        cgroupVersion: v1 ? 1 : 2,
      });
      await c.until('oom');
      expect(c.seen.some((event) => event.type === 'exited')).toBe(false);
      expect(await c.until('exited')).toMatchObject({ code: 5, oom: true });
      expect((await c.exitRecord())?.oom).toBe(true);
      await c.gone;
    } finally {
      await eventually(() => {
        try {
          rmdirSync(memoryCgroup);
          return true;
        } catch {
          return false;
        }
      });
    }
  });

  /** A plain file stands in for cgroup v2's memory.events: both tell inotify. */
  test('version 2 is followed by its events file', async () => {
    await using rig = new Rig();
    const eventsOf = (kills: number) => `low 0\nhigh 0\nmax 9\noom 2\noom_kill ${kills}\noom_group_kill 0\n`;
    writeFileSync(`${rig.dir}/memory.events`, eventsOf(0));
    const c = await rig.start(operations(['sleep', '60']), { memoryCgroup: rig.dir, cgroupVersion: 2 });
    await c.until('started');
    await Bun.sleep(20);
    writeFileSync(`${rig.dir}/memory.events`, eventsOf(1));
    await c.until('oom');
    await c.client.signal('', 9);
    expect(await c.until('exited')).toMatchObject({ code: 137, oom: true });
    expect(c.seen.filter((event) => event.type === 'oom').length).toBe(1);
  });

  test('an idle shim is small', async () => {
    await using rig = new Rig();
    const c = await rig.start(operations(['sleep', '30']));
    await c.until('started');
    await Bun.sleep(1200);
    expect(memoryOf(c.shim.pid)).toBeLessThan(1024);
  });
});

test('a launch that makes no sense is refused', async () => {
  await using rig = new Rig();
  const launch = (await rig.start(operations(['true']))).launch;
  const nothing: Operation[] = [];
  const shim = await launchShim({ ...launch, socketPath: `${rig.dir}/s2` }, nothing);
  const seen: ShimEvent[] = [];
  for await (const event of shim.events) seen.push(event);
  expect(seen.map((event) => event.type)).toEqual(['failed']);
});
