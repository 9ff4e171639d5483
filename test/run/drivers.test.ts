/** A container's life on each storage driver. Everything else of the suite runs on one: GANTRY_TEST_DRIVER in test/rig/engine.ts. */
import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, eventually, patience, succeed } from '../rig/command.ts';
import { gantryBinary, isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { leftovers } from '../rig/leftovers.ts';

const cli = 'docker';
const drivers = ['overlay2', 'fuse-overlayfs', 'btrfs', 'vfs'];

async function withEngine(driver: string, body: (engine: TestEngine) => Promise<void>): Promise<void> {
  await using engine = await TestEngine.start({ driver });
  await busybox(engine);
  await body(engine);
  expect(await leftovers(engine)).toEqual([]);
  const snapshots = readdirSync(join(engine.dataRoot, 'snapshots', driver));
  expect(snapshots).toHaveLength(1); // the layer of busybox
}

/** The pid of the program that serves the root of container `id`; null on other drivers. */
async function serverOf(engine: TestEngine, id: string): Promise<number | null> {
  const pid = await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id);
  const shim = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  const { stdout } = await command(['pgrep', '-P', shim, '-x', 'fuse-overlayfs']);
  return stdout.trim() === '' ? null : Number(stdout);
}

if (!isGantry) test('differs: storage drivers: gantry has its own', () => {});
else {
  for (const driver of drivers)
    describe(driver, () => {
      test(
        'run, write, exec, stop, start, kill, restart, pause, rm',
        () =>
          withEngine(driver, async (engine) => {
            const info = JSON.parse(await engine.ok(cli, 'info', '-f', '{{json .}}'));
            expect([info.Driver, info.DriverStatus[0][0]]).toEqual([driver, 'Backing Filesystem']);
            const count = 'echo x >> /etc/own; rm -f /etc/group; wc -l < /etc/own';
            expect(await engine.ok(cli, 'run', '--name', 'first', 'busybox', 'sh', '-c', count)).toBe('1');
            expect(await engine.ok(cli, 'ps', '-as', '--format', '{{.Size}}')).toContain('virtual');
            // Also right after the end of the one before, whose server may not be gone yet.
            for (const lines of ['2', '3', '4', '5'])
              expect(await engine.ok(cli, 'start', '-a', 'first')).toBe(lines);
            await engine.ok(cli, 'rm', 'first');

            const loop = 'trap "exit 3" TERM; ls /kept | wc -l >> /starts; while :; do sleep 0.05; done';
            const run = 'run -d -v /var/spool -v /kept busybox sh -c'.split(' ');
            const id = await engine.ok(cli, ...run, loop);
            const write = 'echo x > /kept/file; echo y > /new; mknod /null c 1 3';
            await engine.ok(cli, 'exec', id, 'sh', '-c', write);
            expect(await engine.ok(cli, 'exec', id, 'sh', '-c', 'cat /new /null')).toBe('y');
            await engine.ok(cli, 'stop', id);
            expect(await engine.ok(cli, 'inspect', '-f', '{{.State.ExitCode}}', id)).toBe('3');
            await engine.ok(cli, 'start', id);
            expect(await engine.ok(cli, 'exec', id, 'cat', '/new')).toBe('y');
            await engine.ok(cli, 'kill', id);
            await engine.ok(cli, 'restart', '-t', '0', id);
            await eventually(
              async () => (await engine.ok(cli, 'exec', id, 'cat', '/starts')) === '0\n1\n1',
              'the third start',
            );
            await engine.ok(cli, 'pause', id);
            await engine.ok(cli, 'unpause', id);
            await engine.ok(cli, 'rm', '-f', id);

            const readonly = await engine.run(cli, ['run', '--rm', '--read-only', 'busybox', 'touch', '/x']);
            expect([readonly.code, readonly.stderr]).toEqual([
              1,
              expect.stringContaining('Read-only file system'),
            ]);
          }),
        patience(120_000),
      );

      test(
        'kill -9 of the daemon with a container that runs, one that ends meanwhile, and one that is killed for memory',
        () =>
          withEngine(driver, async (engine) => {
            const forever = await engine.ok(cli, 'run', '-d', 'busybox', 'sleep', '1000');
            const short = await engine.ok(
              cli,
              'run',
              '-d',
              'busybox',
              'sh',
              '-c',
              'sleep 0.3; echo x > /end; exit 7',
            );
            const server = await serverOf(engine, forever);
            expect(server !== null).toBe(driver === 'fuse-overlayfs');
            await engine.stopDaemon('SIGKILL');
            await engine.startDaemon();
            await eventually(
              async () => (await engine.ok(cli, 'inspect', '-f', '{{.State.ExitCode}}', short)) === '7',
              'the exit code',
            );
            expect(await engine.ok(cli, 'exec', forever, 'sh', '-c', 'echo x > /x; cat /x')).toBe('x');
            expect(await serverOf(engine, forever)).toBe(server);
            await engine.ok(cli, 'stop', '-t', '0', forever);
            await engine.ok(cli, 'start', forever);
            expect(await engine.ok(cli, 'exec', forever, 'cat', '/x')).toBe('x');

            const hungry = ['sh', '-c', 'x=x; while :; do x=$x$x; done'];
            expect(
              (await engine.run(cli, ['run', '-m', '20m', '--name', 'hungry', 'busybox', ...hungry])).code,
            ).toBe(137);
            expect(await engine.ok(cli, 'inspect', '-f', '{{.State.OOMKilled}}', 'hungry')).toBe('true');
            // What makes a container's files is no part of it.
            const next = await serverOf(engine, forever);
            if (next !== null) expect(readFileSync(`/proc/${next}/cgroup`, 'utf8')).not.toContain(forever);
          }),
        patience(120_000),
      );
    });

  test(
    'a served root: no container has the connection, and the death of a shim ends its server',
    () =>
      withEngine('fuse-overlayfs', async (engine) => {
        const id = await engine.ok(cli, 'run', '-d', 'busybox', 'sleep', '1000');
        const other = await engine.ok(cli, 'run', '-d', '--pid', 'host', 'busybox', 'sleep', '1000');
        const pid = await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id);
        expect(await succeed(['ls', '-l', `/proc/${pid}/fd`])).not.toContain('/dev/fuse');
        const server = await serverOf(engine, id);
        const shim = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        process.kill(Number(shim), 'SIGKILL');
        await eventually(
          async () => (await engine.ok(cli, 'inspect', '-f', '{{.State.Status}}', id)) === 'exited',
          'the container is over',
        );
        await eventually(
          async () => (await command(['kill', '-0', String(server)])).code !== 0,
          'its server is gone',
        );
        expect(await engine.ok(cli, 'exec', other, 'echo', 'lives')).toBe('lives');
        // The socket of a shim that was killed goes at the next start.
        await engine.stopDaemon();
        await engine.startDaemon();
      }),
    patience(120_000),
  );

  test(
    'drivers that cannot work say why',
    async () => {
      const directory = (await succeed(['mktemp', '-d', '/var/tmp/gantry-drivers-XXXXXX'])).trim();
      const daemon = (driver: string) =>
        `exec ${gantryBinary} daemon -H unix://${directory}/s --data-root ${directory}/data --exec-root ${directory}/exec \
          --pidfile ${directory}/pid --bridge none --storage-driver ${driver}`;
      const refusal = async (driver: string, before = '') => {
        const result = await command(['unshare', '-m', 'sh', '-ec', `${before} ${daemon(driver)}`], {
          timeout: 10_000,
        });
        expect([driver, result.code]).toEqual([driver, 1]);
        return result.stderr;
      };
      try {
        expect(await refusal('btrfs')).toMatch(/btrfs does not work on .*: it is not on btrfs but on \w+/);
        const bare =
          'mount -t tmpfs tmpfs /mnt; for n in null zero urandom; do cp -a /dev/$n /mnt; done; mount --move /mnt /dev;';
        expect(await refusal('fuse-overlayfs', bare)).toContain('/dev/fuse: no such file or directory');
        expect(await refusal('fuse-overlayfs', `${bare} mknod /dev/fuse c 1 3;`)).toContain(
          'fuse-overlayfs does not work on',
        );
        const without = 'mount -t tmpfs tmpfs /mnt; export PATH=/mnt;';
        expect(await refusal('fuse-overlayfs', without)).toContain(
          'there is no program fuse-overlayfs in PATH',
        );
      } finally {
        await succeed(['rm', '-rf', directory]);
      }
    },
    patience(60_000),
  );
}
