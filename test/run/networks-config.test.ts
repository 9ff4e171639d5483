/** Networks that are only a configuration, and those that are made of one. */
import { expect } from 'bun:test';
import { refusal } from '../networks/refusal.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const create = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  engine.ok(cli, 'network', 'create', ...args);
const remove = (engine: TestEngine, cli: Cli, ...names: string[]) =>
  engine.ok(cli, 'network', 'rm', ...names);
const field = (engine: TestEngine, cli: Cli, name: string, format: string) =>
  engine.ok(cli, 'network', 'inspect', '-f', format, name);
const refuses = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  refusal(engine, cli, ['network', 'create', ...args]);

each('configurations, and networks made of them', async (cli, engine) => {
  await create(engine, cli, '--config-only', '--subnet', '10.224.0.0/24', '--label', 'a=b', 'plan');
  await create(engine, cli, '--config-from', 'plan', 'real');
  expect(await field(engine, cli, 'plan', '{{.ConfigOnly}} {{.Driver}}')).toBe('true null');
  expect(await field(engine, cli, 'real', '{{.ConfigFrom.Network}} {{(index .IPAM.Config 0).Subnet}}')).toBe(
    'plan 10.224.0.0/24',
  );
  expect(await field(engine, cli, 'real', '{{json .Labels}}')).toBe('{"a":"b"}');
  const from = (...args: string[]) => refuses(engine, cli, '--config-from', ...args, 'other');
  expect(await from('nope')).toContain('configuration network "nope" does not exist');
  expect(await from('real')).toContain('configuration network "real" does not exist');
  expect(await from('plan', '--subnet', '10.225.0.0/24')).toMatch(
    /user.specified configurations are not supported/,
  );
  expect(await refuses(engine, cli, '--config-only', '--internal', 'other')).toContain(
    'configuration network can only contain network specific fields',
  );
  const onIt = await refusal(
    engine,
    cli,
    ['run', '--name', 'late', '--network', 'plan', 'busybox', 'true'],
    125,
  );
  expect(onIt).toContain('cannot create endpoint on configuration-only network');
  await engine.ok(cli, 'rm', 'late');
  expect(await refusal(engine, cli, ['network', 'rm', 'plan'])).toContain(
    'error while removing network: configuration network "plan" is in use',
  );
  await remove(engine, cli, 'real', 'plan');
});
