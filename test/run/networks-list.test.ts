/** `network ls`, `rm` and `prune`, by both command lines. */
import { expect } from 'bun:test';
import { refusal } from '../networks/refusal.ts';
import { command } from '../rig/command.ts';
import { type Cli, isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each, once } = suite();

const create = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  engine.ok(cli, 'network', 'create', ...args);
const remove = (engine: TestEngine, cli: Cli, ...names: string[]) =>
  engine.ok(cli, 'network', 'rm', ...names);
const names = async (engine: TestEngine, cli: Cli, ...filters: string[]) =>
  (
    await engine.ok(
      cli,
      'network',
      'ls',
      ...filters.flatMap((filter) => ['-f', filter]),
      '--format',
      '{{.Name}}',
    )
  )
    .split('\n')
    .filter(Boolean)
    .sort();

each('ls: filters', async (cli, engine) => {
  await create(engine, cli, '--label', 'tier=front', 'web');
  const id = await create(engine, cli, '--label', 'tier=back', 'webs');
  await engine.ok(cli, 'run', '-d', '--name', 'user', '--network', 'web', 'busybox', 'sleep', '600');
  const all = await names(engine, cli);
  expect(all).toEqual(['bridge', 'host', 'none', 'web', 'webs']);
  expect(await names(engine, cli, 'name=web')).toEqual(['web', 'webs']);
  expect(await names(engine, cli, 'name=webs')).toEqual(['webs']);
  expect(await names(engine, cli, `id=${id.slice(0, 8)}`)).toEqual(['webs']);
  expect(await names(engine, cli, 'label=tier')).toEqual(['web', 'webs']);
  expect(await names(engine, cli, 'label=tier=back')).toEqual(['webs']);
  expect(await names(engine, cli, 'driver=bridge', 'type=custom')).toEqual(['web', 'webs']);
  expect(await names(engine, cli, 'driver=host', 'driver=null')).toEqual(['host', 'none']);
  expect(await names(engine, cli, 'type=builtin')).toEqual(['bridge', 'host', 'none']);
  expect(await names(engine, cli, 'scope=local')).toEqual(all);
  expect(await names(engine, cli, 'scope=swarm')).toEqual([]);
  // Docker 20.10 lists networks without those who are on them, and so none is in use.
  if (isGantry) expect(await names(engine, cli, 'dangling=true')).toEqual(['webs']);
  expect(await refusal(engine, cli, ['network', 'ls', '-f', 'foo=bar'])).toMatch(/[Ii]nvalid filter 'foo'/);
  expect(await refusal(engine, cli, ['network', 'ls', '-f', 'type=foo'])).toContain(
    "invalid filter: 'type'='foo'",
  );
  expect((await engine.ok(cli, 'network', 'ls', '-q', '--no-trunc', '-f', 'name=webs')).trim()).toBe(id);
  await engine.ok(cli, 'rm', '-f', 'user');
  await remove(engine, cli, 'web', 'webs');
});

each('rm: in use, predefined, missing', async (cli, engine) => {
  await create(engine, cli, 'used');
  await create(engine, cli, 'free');
  await engine.ok(cli, 'run', '-d', '--name', 'user', '--network', 'used', 'busybox', 'sleep', '600');
  const rm = (...args: string[]) => refusal(engine, cli, ['network', 'rm', ...args]);
  expect(await rm('used')).toMatch(/error while removing network: network used .*has active endpoints/);
  for (const name of ['bridge', 'host', 'none'])
    expect(await rm(name)).toContain(`${name} is a pre-defined network and cannot be removed`);
  const partly = await engine.run(cli, ['network', 'rm', 'nope', 'free']);
  expect([partly.code, partly.stdout]).toEqual([1, 'free\n']);
  expect(partly.stderr).toContain('network nope not found');
  expect((await engine.run(cli, ['network', 'rm', '-f', 'nope'])).code).toBe(0);
  const missing = await engine.run(cli, ['network', 'inspect', 'nope']);
  expect([missing.code, missing.stdout]).toEqual([1, '[]\n']);
  expect(missing.stderr).toContain('network nope not found');
  // A container that does not run is no obstacle.
  await engine.ok(cli, 'stop', '-t', '0', 'user');
  await remove(engine, cli, 'used');
  expect(await refusal(engine, cli, ['start', 'user'])).toMatch(/network [0-9a-f]{64} not found/);
  await engine.ok(cli, 'rm', 'user');
});

each('prune', async (cli, engine) => {
  await create(engine, cli, 'used');
  await create(engine, cli, 'free');
  await create(engine, cli, '--label', 'keep', 'kept');
  await engine.ok(cli, 'run', '-d', '--name', 'user', '--network', 'used', 'busybox', 'sleep', '600');
  const prune = (...args: string[]) => engine.ok(cli, 'network', 'prune', '-f', ...args);
  expect(await prune('--filter', 'until=1h')).toBe('');
  expect(await prune('--filter', 'label!=keep')).toBe('Deleted Networks:\nfree');
  expect(await prune('--filter', 'label=keep')).toBe('Deleted Networks:\nkept');
  expect(await prune()).toBe('');
  expect(await refusal(engine, cli, ['network', 'prune', '-f', '--filter', 'x=1'])).toMatch(
    /[Ii]nvalid filter 'x'/,
  );
  await engine.ok(cli, 'rm', '-f', 'user');
  expect(await prune()).toBe('Deleted Networks:\nused');
});

once('a bridge of the administrator is taken over, and left as it was', async (engine) => {
  const ip = (...args: string[]) => command(['ip', '-n', engine.network.name, ...args]);
  await ip('link', 'add', 'mine', 'type', 'bridge');
  await ip('link', 'set', 'mine', 'mtu', '1400', 'up');
  await ip('addr', 'add', '10.9.8.1/24', 'dev', 'mine');
  await ip('addr', 'add', 'fd00:9::1/64', 'dev', 'mine', 'nodad');
  const option = 'com.docker.network.bridge.name=mine';
  const range = ['--subnet', '10.217.0.0/24', '--gateway', '10.217.0.1'];
  await engine.ok('docker', 'network', 'create', ...range, '-o', option, 'net');
  const pings = () =>
    engine.ok('docker', 'run', '--rm', '--network', 'net', 'busybox', 'ping', '-c', '1', '10.217.0.1');
  expect(await pings()).toContain('1 packets received');
  if (isGantry) {
    await engine.stopDaemon('SIGKILL');
    await engine.startDaemon();
    expect(await pings()).toContain('1 packets received');
  }
  const shown = await ip('addr', 'show', 'mine');
  // Docker drops addresses that it did not choose.
  const kept = isGantry ? ['mtu 1400', '10.9.8.1/24', 'fd00:9::1/64'] : ['mtu 1400'];
  for (const own of kept) expect(shown.stdout).toContain(own);
  await engine.ok('docker', 'network', 'rm', 'net');
  expect((await ip('addr', 'show', 'mine')).stdout).toContain(kept.at(-1) ?? '');
  await ip('link', 'del', 'mine');
});
