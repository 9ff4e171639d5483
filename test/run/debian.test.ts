/** A real distribution with a real server in it: packages over the bridge, a published port, and the daemon's death in between. */
import { expect, test } from 'bun:test';
import { command, eventually, patience } from '../rig/command.ts';
import { clis, isGantry, TestEngine } from '../rig/engine.ts';
import { debian } from '../rig/images.ts';

const cli = clis.at(-1) ?? 'docker';

async function redis(engine: TestEngine, ...words: string[]): Promise<string> {
  const line = `printf '${words.join(' ')}\\r\\n'; sleep 0.3`;
  const client = `(${line}) | busybox nc 127.0.0.1 6380`;
  return (await command([...engine.network.prefix, 'sh', '-c', client])).stdout;
}

test(
  'redis from Debian packages, through a published port, across the death of the daemon',
  async () => {
    await using engine = await TestEngine.start();
    await debian(engine);
    const id = await engine.ok(
      cli,
      'run',
      '-d',
      '--name',
      'redis',
      '-p',
      '6380:6379',
      'debian:bookworm',
      'sleep',
      'infinity',
    );
    const install =
      'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends redis-server';
    const installed = await engine.run(cli, ['exec', 'redis', 'sh', '-c', install], { timeout: 240_000 });
    expect([installed.code, installed.stderr.slice(-500)]).toEqual([0, expect.anything()]);
    await engine.ok(
      cli,
      'exec',
      '-d',
      'redis',
      'redis-server',
      '--bind',
      '0.0.0.0',
      '--protected-mode',
      'no',
    );
    await eventually(async () => (await redis(engine, 'PING')).includes('PONG'), 'redis answers');
    expect(await redis(engine, 'SET', 'key', 'kept')).toContain('OK');
    if (isGantry) {
      const pid = await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id);
      await engine.stopDaemon('SIGKILL');
      expect(await redis(engine, 'GET', 'key')).toContain('kept');
      await engine.startDaemon();
      expect(await engine.ok(cli, 'inspect', '-f', '{{.State.Pid}}', id)).toBe(pid);
    }
    expect(await redis(engine, 'GET', 'key')).toContain('kept');
    await engine.ok(cli, 'rm', '-f', 'redis');
  },
  patience(360_000),
);
