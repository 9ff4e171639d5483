import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineRig } from './rig.ts';

let rig: EngineRig;
beforeAll(async () => {
  rig = await EngineRig.open();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

test('binds, named and anonymous volumes, tmpfs', async () => {
  const source = join(rig.directory, 'bound');
  mkdirSync(source);
  writeFileSync(join(source, 'file'), 'from the host\n');
  const script =
    'cat /b/file; touch /b/x || echo read-only; ls /bin-copy | grep -c busybox; touch /v/y /t/z; df /t | tail -1';
  const { id, code, out, err } = await rig.run(['sh', '-c', script], {
    config: { volumes: ['/v'] },
    hostConfig: {
      binds: [`${source}:/b:ro`, 'named:/bin-copy', `${source}/made:/made`],
      tmpfs: { '/t': 'size=1m' },
    },
  });
  expect({ code, err: err.includes('Read-only') }).toEqual({ code: 0, err: true });
  expect(out).toContain('from the host\nread-only\n');
  expect(existsSync(join(source, 'made'))).toBe(true);
  const { mounts } = await rig.containers.get(id);
  expect(mounts.map(({ type, destination }) => `${type} ${destination}`)).toEqual([
    'bind /b',
    'volume /bin-copy',
    'bind /made',
    'volume /v',
  ]);
  await rig.remove(id);
  expect((await rig.engine.volumes.list()).map(({ name }) => String(name))).toEqual(['named']);
  await rig.engine.volumes.remove('named', false);
});

test('an empty named volume begins with what the image has there', async () => {
  const { id, out } = await rig.run(['sh', '-c', 'cat /etc2/passwd 2>/dev/null; ls /etc | head -3'], {
    hostConfig: { binds: ['copied:/etc'] },
  });
  expect(out).toContain('group');
  const other = await rig.run(['cat', '/etc/passwd'], { hostConfig: { volumesFrom: [id] } });
  expect(other.out).toContain('root:x:0:0');
  await rig.remove(other.id);
  await rig.remove(id);
  await rig.engine.volumes.remove('copied', false);
});

test("another container's network, ipc and pid namespaces", async () => {
  const id = await rig.start(['sleep', '60'], {
    name: 'host-of-others',
    hostConfig: { ipcMode: 'shareable' },
  });
  const modes = {
    networkMode: 'container:host-of-others',
    ipcMode: 'container:host-of-others',
    pidMode: `container:${id}`,
  };
  const joined = await rig.run(['sh', '-c', 'ps | grep -c "[s]leep 60"; hostname; echo x > /dev/shm/seen'], {
    hostConfig: modes,
  });
  expect(joined.err + joined.out).toBe(`1\n${id.slice(0, 12)}\n`);
  const again = await rig.run(['cat', '/dev/shm/seen'], { hostConfig: modes });
  expect(again.out).toBe('x\n');
  for (const container of [joined.id, again.id, id]) await rig.remove(container);
  expect(rig.leftovers()).toEqual([]);
});

test('stats, top, update, size', async () => {
  const id = await rig.start(['sh', '-c', 'echo 12345 > /written; sleep 60'], {
    hostConfig: { memory: 32 << 20 },
  });
  await Bun.sleep(30);
  const sample = await rig.containers.sample(id);
  expect(sample?.memory.limit).toBe(32 << 20);
  expect(sample?.pids.current).toBeGreaterThan(0);
  const top = await rig.containers.top(id, '');
  expect(top.titles).toContain('PID');
  expect(top.processes.flat().join(' ')).toContain('sleep 60');
  await rig.containers.update(id, { memory: 48 << 20, memorySwap: 96 << 20 });
  expect((await rig.containers.sample(id))?.memory.limit).toBe(48 << 20);
  const size = await rig.containers.size(id);
  expect(size.writable).toBeGreaterThan(0);
  expect(size.root).toBeGreaterThan(size.writable);
  await rig.remove(id);
  expect(rig.leftovers()).toEqual([]);
});

test('health: starting, healthy, unhealthy, with events', async () => {
  const ms = 1e6;
  const healthcheck = {
    test: ['CMD-SHELL', 'echo checked; test -e /ok'],
    interval: 30 * ms,
    timeout: 2000 * ms,
    startPeriod: 0,
    startInterval: 0,
    retries: 2,
  };
  const events = await rig.events(async () => {
    const id = await rig.start(['sh', '-c', 'touch /ok; sleep 0.4; rm /ok; sleep 60'], {
      config: { healthcheck },
    });
    expect((await rig.containers.get(id)).health?.status).toBe('starting');
    for (let n = 0; n < 100; n++) {
      if ((await rig.containers.get(id)).health?.status === 'unhealthy') break;
      await Bun.sleep(20);
    }
    const { health } = await rig.containers.get(id);
    expect(health?.log.at(-1)).toMatchObject({ exitCode: 1, output: 'checked\n' });
    await rig.remove(id);
  });
  const health = events.map(({ action }) => action).filter((action) => action.startsWith('health_status'));
  expect(health).toEqual(['health_status: healthy', 'health_status: unhealthy']);
});

test('prune, with a filter', async () => {
  const keep = await rig.create(['true'], { config: { labels: { keep: 'yes' } } });
  const gone = await rig.create(['true']);
  const { removed } = await rig.containers.prune(new Map([['label!', ['keep']]]));
  expect(removed).toEqual([gone]);
  await expect(rig.containers.prune(new Map([['x', ['y']]]))).rejects.toThrow("invalid filter 'x'");
  await rig.remove(keep);
});

test('explain says what would be done and does nothing', async () => {
  const text = await rig.containers.explain(rig.request(['true']));
  expect(text).toContain('exec');
  expect(await rig.containers.list()).toEqual([]);
  expect(rig.orphanSnapshots()).toEqual([]);
});

test('what is refused leaves nothing', async () => {
  const refused: [Parameters<EngineRig['create']>[1], string][] = [
    [{ config: { image: 'nosuch' } }, 'No such image: nosuch:latest'],
    [
      { hostConfig: { logConfig: { type: 'x', config: {} } } },
      "logger: no log driver named 'x' is registered",
    ],
    [{ hostConfig: { networkMode: 'container:nosuch' } }, 'No such container: nosuch'],
    [{ hostConfig: { binds: ['a/b:/x'] } }, 'includes invalid characters for a local volume name'],
    [{ hostConfig: { capAdd: ['NOSUCH'] } }, 'NOSUCH'],
  ];
  for (const [changes, text] of refused) await expect(rig.create(['true'], changes)).rejects.toThrow(text);
  expect(await rig.containers.list()).toEqual([]);
  expect(await rig.engine.volumes.list()).toEqual([]);
  expect(rig.leftovers()).toEqual([]);
  expect(rig.orphanSnapshots()).toEqual([]);
});

test('logs of driver none cannot be read', async () => {
  const { id } = await rig.run(['echo', 'x'], { hostConfig: { logConfig: { type: 'none', config: {} } } });
  await expect(rig.logs(id)).rejects.toThrow('configured logging driver does not support reading');
  await rig.remove(id);
});
