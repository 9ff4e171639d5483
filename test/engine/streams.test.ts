import { afterAll, beforeAll, expect, test } from 'bun:test';
import { collect, EngineRig } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
const all = { stdin: true, stdout: true, stderr: true, detachKeys: '' };

test('a terminal: raw output, its size, and what is typed', async () => {
  const id = await rig.create(['sh', '-c', 'read x; stty size; test -t 0 && echo tty $x'], {
    config: { tty: true, openStdin: true },
  });
  const stream = await rig.containers.attach(id, all);
  const output = collect(stream);
  await rig.containers.start(id);
  await rig.containers.resize(id, 33, 77);
  await stream.write(Buffer.from('typed\n'));
  expect((await output).out).toContain('33 77\r\ntty typed\r\n');
  expect(await rig.exit(id)).toBe(0);
  await rig.remove(id);
});

test('the detach keys let the client go and nobody else', async () => {
  const id = await rig.create(['cat'], { config: { tty: true, openStdin: true } });
  const [one, two] = [
    await rig.containers.attach(id, all),
    await rig.containers.attach(id, { ...all, detachKeys: 'x,y' }),
  ];
  const outputs = [collect(one), collect(two)];
  await rig.containers.start(id);
  const events = await rig.events(async () => {
    await two.write(Buffer.from('hi\n'));
    await Bun.sleep(50);
    await two.write(Buffer.from('xy'));
    await outputs[1];
  });
  expect(events.map(({ action }) => action)).toEqual(['detach']);
  expect((await rig.containers.get(id)).state.status).toBe('running');
  await rig.containers.kill(id, 'KILL');
  expect((await outputs[0])?.out).toContain('hi');
  await rig.remove(id);
});

test('an attachment to what never starts ends with its removal', async () => {
  const id = await rig.create(['true']);
  const output = collect(await rig.containers.attach(id, all));
  await rig.remove(id);
  expect(await output).toEqual({ out: '', err: '' });
});

test('two clients see the same, one that left before the start is not waited for', async () => {
  const id = await rig.create(['echo', 'both']);
  const streams = await Promise.all([1, 2, 3].map(() => rig.containers.attach(id, all)));
  const [gone, ...rest] = streams;
  gone?.close();
  const outputs = rest.map(collect);
  await rig.containers.start(id);
  for (const output of outputs) expect((await output).out).toBe('both\n');
  await rig.remove(id);
});

test('exec with a terminal, resize, and detached', async () => {
  const id = await rig.start(['sleep', '60']);
  const request = {
    attachStdin: true,
    attachStdout: true,
    attachStderr: true,
    tty: true,
    consoleSize: null,
    detachKeys: '',
    env: [],
    workingDir: '',
    user: 'www-data',
    privileged: false,
    cmd: ['sh', '-c', 'read x; stty size; id -u'],
  };
  const execId = await rig.containers.createExec(id, request);
  const { stream } = await rig.containers.startExec(execId, {
    detach: false,
    tty: true,
    consoleSize: [20, 40],
  });
  if (stream === null) throw new Error('no stream');
  await rig.containers.resizeExec(execId, 21, 41);
  const output = collect(stream);
  await stream.write(Buffer.from('\n'));
  expect((await output).out).toContain('21 41\r\n33\r\n');
  const detached = await rig.containers.createExec(id, { ...request, tty: false, cmd: ['touch', '/tmp/x'] });
  expect(await rig.containers.startExec(detached, { detach: true, tty: false, consoleSize: null })).toEqual({
    stream: null,
  });
  await expect(
    rig.containers.startExec(execId, { detach: false, tty: true, consoleSize: null }),
  ).rejects.toThrow('has already run');
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});

test('much output arrives whole, and in the log', async () => {
  const { id, out } = await rig.run(['sh', '-c', 'seq 1 300000']);
  expect(out.length).toBe(1_988_895);
  expect((await rig.logs(id)).length).toBe(1_988_895);
  expect(await rig.logs(id, { tail: 2 })).toBe('299999\n300000\n');
  await rig.remove(id);
});

test('a log that rotates is followed across the rotation', async () => {
  const id = await rig.start(
    ['sh', '-c', 'i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done; sleep 0.1'],
    {
      hostConfig: { logConfig: { type: 'json-file', config: { 'max-size': '40k', 'max-file': '20' } } },
    },
  );
  const lines = (await rig.logs(id, { follow: true })).trimEnd().split('\n');
  expect(lines.length).toBe(4000);
  expect(lines.at(-1)).toBe('line 3999');
  await rig.remove(id);
});
