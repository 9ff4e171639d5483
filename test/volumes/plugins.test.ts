import { afterAll, beforeAll, expect } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from '../rig/suite.ts';
import { VolumePlugin } from './plugin.ts';

const plugin = new VolumePlugin(`gvp${process.pid}`);
const driver = plugin.name;
beforeAll(() => plugin.start());
afterAll(() => plugin[Symbol.asyncDispose]());
const { each, once } = suite({ flags: plugin.flags });

const sh = (script: string) => ['busybox', 'sh', '-c', script];
const calls = (method: string) => plugin.calls().filter((call) => call.startsWith(`VolumeDriver.${method} `));

each('a volume of a plugin: made, used, shown and removed', async (cli, engine) => {
  const name = `made-${cli}`;
  await engine.ok(cli, 'volume', 'create', '-d', driver, '-o', 'kind=fast', '--label', 'a=b', name);
  expect(calls('Create').at(-1)).toContain(`{"Name":"${name}","Opts":{"kind":"fast"}}`);
  await engine.ok(cli, 'run', '--rm', '-v', `${name}:/data`, ...sh('echo kept > /data/file'));
  expect(readFileSync(join(plugin.store, name, 'file'), 'utf8')).toBe('kept\n');
  const inspect = '{{.Driver}} {{.Scope}} {{.CreatedAt}} {{json .Status}} {{json .Options}} {{json .Labels}}';
  expect(await engine.ok(cli, 'volume', 'inspect', '-f', inspect, name)).toBe(
    `${driver} global 2020-02-02T02:02:02Z {"users":0} {"kind":"fast"} {"a":"b"}`,
  );
  expect(await engine.ok(cli, 'volume', 'ls', '-q', '--filter', `driver=${driver}`)).toBe(name);
  expect(await engine.ok(cli, 'volume', 'rm', name)).toBe(name);
  expect(readdirSync(plugin.store)).toEqual([]);
});

each('--volume-driver and --mount volume-driver', async (cli, engine) => {
  const [first, second] = [`first-${cli}`, `second-${cli}`];
  await engine.ok(cli, 'run', '--rm', '--volume-driver', driver, '-v', `${first}:/d`, ...sh('echo 1 > /d/f'));
  const mount = `type=volume,src=${second},dst=/d,volume-driver=${driver},volume-opt=kind=slow`;
  const id = await engine.ok(cli, 'run', '-d', '--mount', mount, ...sh('echo 2 > /d/f; sleep 1000'));
  expect(calls('Create').at(-1)).toContain('{"kind":"slow"}');
  expect(await engine.ok(cli, 'inspect', '-f', '{{(index .Mounts 0).Driver}}', id)).toBe(driver);
  expect(await engine.ok(cli, 'volume', 'inspect', '-f', '{{.Status.users}} {{.Mountpoint}}', second)).toBe(
    `1 ${join(plugin.store, second)}`,
  );
  await engine.ok(cli, 'rm', '-f', id);
  expect(await engine.ok(cli, 'volume', 'inspect', '-f', '{{.Status.users}}', second)).toBe('0');
  expect(calls('Mount').length).toBe(calls('Unmount').length);
  await engine.ok(cli, 'volume', 'rm', first, second);
});

each('what exists with the plugin is listed and can be used', async (cli, engine) => {
  const name = `before-${cli}`;
  await plugin.stop();
  Bun.spawnSync(['mkdir', '-p', join(plugin.store, name)]);
  writeFileSync(join(plugin.store, name, 'file'), 'from before\n');
  await plugin.start();
  expect(await engine.ok(cli, 'volume', 'ls', '-q')).toContain(name);
  expect(await engine.ok(cli, 'run', '--rm', '-v', `${name}:/d`, ...sh('cat /d/file'))).toBe('from before');
  await engine.ok(cli, 'volume', 'rm', name);
  expect(readdirSync(plugin.store)).toEqual([]);
});

each("the plugin's errors are passed on", async (cli, engine) => {
  const refused = await engine.run(cli, [
    'volume',
    'create',
    '-d',
    driver,
    '-o',
    'refuse=no room',
    `e-${cli}`,
  ]);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toContain(`create e-${cli}: VolumeDriver.Create: refused: no room`);
  await engine.ok(cli, 'volume', 'create', `local-${cli}`);
  const taken = await engine.run(cli, ['volume', 'create', '-d', driver, `local-${cli}`]);
  expect(taken.stderr).toContain(
    `create local-${cli}: driver 'local' already has volume 'local-${cli}': volume name must be unique`,
  );
  await engine.ok(cli, 'volume', 'rm', `local-${cli}`);
});

once('a plugin that is gone is a clear error, and its volumes are there again with it', async (engine) => {
  await engine.ok('docker', 'volume', 'create', '-d', driver, 'away');
  await plugin.stop();
  const gone = await engine.run('docker', ['run', '--rm', '-v', 'away:/d', ...sh('true')], {
    timeout: 90_000,
  });
  expect(gone.code).not.toBe(0);
  expect(gone.stderr).toContain(`dial unix ${plugin.socket}: connect: no such file or directory`);
  await plugin.start();
  await engine.ok('docker', 'run', '--rm', '-v', 'away:/d', ...sh('echo back > /d/f'));
  await engine.ok('docker', 'volume', 'rm', 'away');
});

once('an unknown driver is not found, after the time that a plugin may take to come', async (engine) => {
  const started = Date.now();
  const unknown = await engine.run('docker', ['volume', 'create', '-d', 'nosuch', 'x1'], { timeout: 60_000 });
  expect(unknown.stderr).toContain(
    'create x1: error looking up volume plugin nosuch: plugin "nosuch" not found',
  );
  expect(Date.now() - started).toBeGreaterThan(10_000);
});
