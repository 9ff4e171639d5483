import { afterAll, beforeAll, expect, test } from 'bun:test';
import { eventually } from '../rig/command.ts';
import { EngineRig } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

test('a container runs: output, exit code, logs, and nothing is left', async () => {
  const { id, code, out, err } = await rig.run(['sh', '-c', 'echo hello; echo oops >&2; exit 3']);
  expect({ code, out, err }).toEqual({ code: 3, out: 'hello\n', err: 'oops\n' });
  expect(await rig.logs(id)).toBe('hello\noops\n');
  expect((await rig.containers.get(id)).state).toMatchObject({
    status: 'exited',
    last: { code: 3, oom: false },
  });
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});

test('stdin passes through and its end is seen', async () => {
  const text = 'x'.repeat(300_000);
  const { id, out } = await rig.run(['cat'], {}, text);
  expect(out.length).toBe(text.length);
  await rig.remove(id);
});

test('stop, start again, kill', async () => {
  const id = await rig.start(['sh', '-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done']);
  await eventually(async () => (await rig.logs(id, {})).includes('ready'), 'the trap is set');
  await rig.containers.stop(id, { signal: '', timeout: null });
  expect(await rig.exit(id)).toBe(7);
  await expect(rig.containers.stop(id, { signal: '', timeout: 0 })).rejects.toThrow('is not running');
  await rig.containers.start(id);
  await rig.containers.kill(id, 'KILL');
  expect(await rig.exit(id)).toBe(137);
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});

test('a stop that is not heard becomes a kill', async () => {
  const id = await rig.start(['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done']);
  await rig.containers.stop(id, { signal: '', timeout: 0 });
  expect(await rig.exit(id)).toBe(137);
  await rig.remove(id);
});

test('exec: output, code, missing program', async () => {
  const id = await rig.start(['sleep', '60']);
  const exec = async (cmd: string[]) => {
    const execId = await rig.containers.createExec(id, {
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      tty: false,
      consoleSize: null,
      detachKeys: '',
      env: ['X=1'],
      workingDir: '/tmp',
      user: '',
      privileged: false,
      cmd,
    });
    const { stream } = await rig.containers.startExec(execId, {
      detach: false,
      tty: false,
      consoleSize: null,
    });
    const text = stream ? await new Response(stream.output).text() : '';
    return { text: text.slice(8), state: (await rig.containers.getExec(execId)).state };
  };
  const ran = await exec(['sh', '-c', 'echo $X $PWD; exit 4']);
  expect(ran.text).toBe('1 /tmp\n');
  expect(ran.state).toMatchObject({ status: 'exited', code: 4 });
  await expect(exec(['nosuch'])).rejects.toThrow('executable file not found in $PATH');
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});

test('a program that is not there: 127, and the name stays usable', async () => {
  const id = await rig.create(['nosuch'], { name: 'missing' });
  await expect(rig.containers.start(id)).rejects.toThrow('executable file not found in $PATH');
  expect((await rig.containers.get('missing')).state).toMatchObject({
    status: 'exited',
    last: { code: 127, startedAt: 0 },
  });
  await rig.remove('missing');
  expect(rig.leftovers()).toEqual([]);
});

test('events of a life', async () => {
  const events = await rig.events(async () => {
    const id = await rig.start(['sleep', '60'], { name: 'told', config: { labels: { a: 'b' } } });
    await rig.containers.stop(id, { signal: 'KILL', timeout: 5 });
    await rig.containers.rename(id, 'retold');
    await rig.remove(id);
  });
  const own = events.filter(({ type }) => type === 'container');
  expect(own.map(({ action }) => action)).toEqual([
    'create',
    'start',
    'kill',
    'die',
    'stop',
    'rename',
    'destroy',
  ]);
  expect(own[3]?.attributes).toMatchObject({ name: 'told', image: 'busybox', a: 'b', exitCode: '137' });
});

test('--rm removes, and the removal can be waited for', async () => {
  const id = await rig.create(['true'], { hostConfig: { autoRemove: true } });
  const { result } = await rig.containers.wait(id, 'removed', new AbortController().signal);
  await rig.containers.start(id);
  expect((await result).code).toBe(0);
  await expect(rig.containers.get(id)).rejects.toThrow(`No such container: ${id}`);
  expect(rig.leftovers()).toEqual([]);
});

test('pause holds, unpause goes on', async () => {
  const id = await rig.start(['sh', '-c', 'while :; do echo x; sleep 0.01; done']);
  await rig.containers.pause(id);
  await expect(rig.containers.start(id)).rejects.toThrow('cannot start a paused container');
  await Bun.sleep(20);
  const before = (await rig.logs(id)).length;
  await Bun.sleep(60);
  expect((await rig.logs(id)).length).toBe(before);
  await rig.containers.unpause(id);
  await Bun.sleep(100);
  expect((await rig.logs(id)).length).toBeGreaterThan(before);
  await rig.remove(id);
});

test('logs follow until the end', async () => {
  const id = await rig.start(['sh', '-c', 'for i in 1 2 3 4 5; do echo $i; sleep 0.03; done']);
  expect(await rig.logs(id, { follow: true })).toBe('1\n2\n3\n4\n5\n');
  expect(await rig.logs(id, { tail: 2 })).toBe('4\n5\n');
  await rig.remove(id);
});

test('a running container cannot be removed without force; a name is taken once', async () => {
  const id = await rig.start(['sleep', '60'], { name: 'one' });
  await expect(rig.containers.remove(id, { force: false, volumes: false, link: false })).rejects.toThrow(
    'cannot remove container "/one": container is running: stop the container before removing or force remove',
  );
  await expect(rig.create(['true'], { name: 'one' })).rejects.toThrow(
    `Conflict. The container name "/one" is already in use by container "${id}".`,
  );
  await rig.remove('one');
  expect(rig.leftovers()).toEqual([]);
});

test('restart policies', async () => {
  const id = await rig.start(['sh', '-c', 'exit 1'], {
    hostConfig: { restartPolicy: { name: 'on-failure', maximumRetryCount: 2 } },
  });
  for (let n = 0; n < 200; n++) {
    const { state, restartCount } = await rig.containers.get(id);
    if (state.status === 'exited' && restartCount === 2) break;
    await Bun.sleep(10);
  }
  expect(await rig.containers.get(id)).toMatchObject({ restartCount: 2, state: { status: 'exited' } });
  await rig.remove(id);
});
