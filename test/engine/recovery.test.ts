import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openEngine } from '../../src/engine/engine.ts';
import { EngineRig, options } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

test('a second daemon on the same data root is refused', async () => {
  await expect(openEngine(options(rig.directory), () => {})).rejects.toThrow('another gantry daemon');
});

test('containers outlive the engine, which takes them over with logs and exit codes', async () => {
  const runs = await rig.start(['sh', '-c', 'echo one; read x; echo two; exit 5'], {
    config: { openStdin: true },
  });
  const ends = await rig.start(['sh', '-c', 'sleep 0.2; echo late; exit 6']);
  await rig.engine.close();
  await Bun.sleep(400);
  await rig.reopen();
  expect((await rig.containers.get(runs)).state.status).toBe('running');
  expect((await rig.containers.get(ends)).state).toMatchObject({ status: 'exited', last: { code: 6 } });
  expect(await rig.logs(ends)).toBe('late\n');
  const stream = await rig.containers.attach(runs, {
    stdin: true,
    stdout: true,
    stderr: true,
    detachKeys: '',
  });
  await stream.write(Buffer.from('x\n'));
  expect(await rig.exit(runs)).toBe(5);
  expect(await rig.logs(runs)).toBe('one\ntwo\n');
  await rig.remove(runs);
  await rig.remove(ends);
  expect(rig.leftovers()).toEqual([]);
});

test('a shim that was killed: its container is ended and known as 255 or 137', async () => {
  const id = await rig.start(['sleep', '60']);
  const { state } = await rig.containers.get(id);
  if (state.status !== 'running') throw new Error('does not run');
  await rig.engine.close();
  process.kill(state.process.shimPid, 'SIGKILL');
  await rig.reopen();
  expect((await rig.containers.get(id)).state).toMatchObject({ status: 'exited', last: { code: 255 } });
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});

test('restart: always starts again with the daemon', async () => {
  const id = await rig.start(['sleep', '60'], {
    hostConfig: { restartPolicy: { name: 'always', maximumRetryCount: 0 } },
  });
  await rig.containers.stop(id, { signal: '', timeout: 0 });
  await rig.reopen();
  for (let n = 0; n < 100 && (await rig.containers.get(id)).state.status !== 'running'; n++)
    await Bun.sleep(10);
  expect((await rig.containers.get(id)).state.status).toBe('running');
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});
