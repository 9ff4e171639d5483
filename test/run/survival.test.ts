/** The daemon may die at any moment: no container notices. Docker's live-restore is opt-in, so these are gantry's own. */
import { expect, test } from 'bun:test';
import { command, eventually, patience } from '../rig/command.ts';
import { clis, gantryBinary, isGantry, TestEngine } from '../rig/engine.ts';
import { busybox } from '../rig/images.ts';
import { leftovers } from '../rig/leftovers.ts';

const cli = clis.at(-1) ?? 'docker';
const ticking = 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done';

async function withEngine(body: (engine: TestEngine) => Promise<void>): Promise<void> {
  await using engine = await TestEngine.start();
  await busybox(engine);
  await body(engine);
  expect(await leftovers(engine)).toEqual([]);
}

if (!isGantry) test('differs: survival: live-restore is off by default in Docker', () => {});
else
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(
      `${signal}: containers go on, logs and codes are complete`,
      () =>
        withEngine(async (engine) => {
          const id = await engine.ok(cli, 'run', '-d', '-p', '8080:80', 'busybox', 'sh', '-c', ticking);
          const short = await engine.ok(
            cli,
            'run',
            '-d',
            'busybox',
            'sh',
            '-c',
            'sleep 1; echo bye; exit 42',
          );
          const pid = await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id);
          await engine.stopDaemon(signal);
          await Bun.sleep(1500);
          await engine.startDaemon();
          expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}} {{.State.Status}}', id)).toBe(
            `${pid} running`,
          );
          expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', short)).toBe(
            'exited 42',
          );
          expect(await engine.ok(cli, 'logs', short)).toBe('bye');
          expect(await engine.ok(cli, 'exec', id, 'echo', 'alive')).toBe('alive');
          expect(await engine.ok(cli, 'port', id)).toContain('8080');
          await engine.ok(cli, 'stop', '-t', '0', id);
          const lines = (await engine.ok(cli, 'logs', id)).split('\n');
          expect(lines).toEqual(lines.map((_, i) => `tick ${i + 1}`));
          expect(lines.length).toBeGreaterThan(20);
        }),
      patience(60_000),
    );

    test(
      `${signal}: attach, wait and stdin work on with the next daemon`,
      () =>
        withEngine(async (engine) => {
          const id = await engine.ok(
            cli,
            'run',
            '-di',
            'busybox',
            'sh',
            '-c',
            'read a; echo got $a; read b; echo got $b; exit 9',
          );
          await engine.stopDaemon(signal);
          await engine.startDaemon();
          const attached = await engine.run(cli, ['attach', id], { stdin: 'one\ntwo\n' });
          expect([attached.code, attached.stdout]).toEqual([9, 'got one\ngot two\n']);
          await engine.ok(cli, 'rm', '-f', id);
        }),
      patience(60_000),
    );
  }

if (isGantry) {
  test(
    'a container that ended while no daemon was there is restarted by its policy',
    () =>
      withEngine(async (engine) => {
        const id = await engine.ok(cli, 'run', '-d', '--restart', 'always', 'busybox', 'sleep', '0.7');
        await engine.stopDaemon('SIGKILL');
        await Bun.sleep(1000);
        await engine.startDaemon();
        await eventually(
          async () => (await engine.ok(cli, 'inspect', '-f', '{{.State.Running}}', id)) === 'true',
          'it is back',
        );
        await engine.ok(cli, 'rm', '-f', id);
      }),
    patience(60_000),
  );

  test(
    '--rm containers that ended without a daemon are gone with the next',
    () =>
      withEngine(async (engine) => {
        await engine.ok(cli, 'run', '-d', '--rm', 'busybox', 'sleep', '0.5');
        await engine.stopDaemon('SIGKILL');
        await Bun.sleep(800);
        await engine.startDaemon();
        await eventually(async () => (await engine.ok(cli, 'ps', '-aq')) === '', 'it is removed');
      }),
    patience(60_000),
  );

  test(
    'killed at random moments of run and rm, twenty times: nothing is lost or left',
    () =>
      withEngine(async (engine) => {
        for (let round = 0; round < 20; round++) {
          const work = [0, 1, 2].map((i) =>
            engine.run(cli, [
              'run',
              '-d',
              '--name',
              `c${round}-${i}`,
              '-v',
              '/anon',
              'busybox',
              'sleep',
              '300',
            ]),
          );
          await Bun.sleep(Math.random() * 120);
          await engine.stopDaemon('SIGKILL');
          const results = await Promise.all(work);
          await engine.startDaemon();
          const names = (await engine.ok(cli, 'ps', '-a', '--format', '{{.Names}} {{.State}}')).split('\n');
          for (const [i, result] of results.entries())
            if (result.code === 0) expect(names).toContain(`c${round}-${i} running`);
          const ids = (await engine.ok(cli, 'ps', '-aq')).split('\n').filter(Boolean);
          if (ids.length > 0 && round % 3 === 0) await engine.ok(cli, 'rm', '-fv', ...ids);
        }
      }),
    patience(120_000),
  );

  test(
    'two daemons side by side',
    async () => {
      await using one = await TestEngine.start();
      await using two = await TestEngine.start();
      await busybox(one);
      await busybox(two);
      await one.ok(cli, 'run', '-d', '--name', 'same', '-p', '8080:80', 'busybox', 'sleep', '60');
      await two.ok(cli, 'run', '-d', '--name', 'same', '-p', '8080:80', 'busybox', 'sleep', '60');
      await one.ok(cli, 'rm', '-f', 'same');
      expect(await two.ok(cli, 'inspect', '-f', '{{.State.Running}}', 'same')).toBe('true');
    },
    patience(60_000),
  );

  test(
    'a second daemon on the same roots is refused',
    () =>
      withEngine(async (engine) => {
        const argv = [
          'daemon',
          '--data-root',
          engine.dataRoot,
          '--exec-root',
          engine.execRoot,
          '--host',
          `unix://${engine.directory}/b.sock`,
        ];
        const result = await command([
          ...engine.network.prefix,
          gantryBinary,
          ...argv,
          '--pidfile',
          `${engine.directory}/b.pid`,
          '--bridge',
          'gt1',
        ]);
        expect(result.code).toBe(1);
        expect(result.stderr).toMatch(/uses the data root/);
      }),
    patience(60_000),
  );
}
