/** `network create` and `inspect`, by both command lines. Who is on networks: see networks-attach.test.ts. */
import { expect } from 'bun:test';
import { refusal } from '../networks/refusal.ts';
import { command } from '../rig/command.ts';
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

each('create prints the id; inspect shows what was asked for', async (cli, engine) => {
  const pool = ['--subnet', '10.220.0.0/24', '--gateway', '10.220.0.254', '--ip-range', '10.220.0.128/25'];
  const more = ['--aux-address', 'router=10.220.0.129', '--aux-address', 'printer=10.220.0.130'];
  const rest = [
    '--internal',
    '--attachable',
    '--label',
    'a=b',
    '--label',
    'c',
    '-o',
    'com.docker.network.driver.mtu=1400',
  ];
  const id = await create(engine, cli, ...pool, ...more, ...rest, 'full');
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  const [full] = JSON.parse(await engine.ok(cli, 'network', 'inspect', id.slice(0, 12)));
  expect(full).toMatchObject({
    Name: 'full',
    Id: id,
    Scope: 'local',
    Driver: 'bridge',
    EnableIPv6: false,
    Internal: true,
    Attachable: true,
    Ingress: false,
    ConfigOnly: false,
    Containers: {},
    Options: { 'com.docker.network.driver.mtu': '1400' },
    Labels: { a: 'b', c: '' },
  });
  expect(full.IPAM.Config).toEqual([
    {
      Subnet: '10.220.0.0/24',
      IPRange: '10.220.0.128/25',
      Gateway: '10.220.0.254',
      AuxiliaryAddresses: { router: '10.220.0.129', printer: '10.220.0.130' },
    },
  ]);
  const link = await command([
    'ip',
    '-n',
    engine.network.name,
    '-o',
    'addr',
    'show',
    `br-${id.slice(0, 12)}`,
  ]);
  expect(link.stdout).toContain('inet 10.220.0.254/24');
  expect(await remove(engine, cli, 'full')).toBe('full');
  expect(
    (await command(['ip', '-n', engine.network.name, 'link', 'show', `br-${id.slice(0, 12)}`])).code,
  ).toBe(1);
});

each('subnets that nobody chose differ, and are gone with their network', async (cli, engine) => {
  await create(engine, cli, 'one');
  await create(engine, cli, 'two');
  const subnet = (name: string) => field(engine, cli, name, '{{(index .IPAM.Config 0).Subnet}}');
  const [one, two, bridge] = [await subnet('one'), await subnet('two'), await subnet('bridge')];
  expect(new Set([one, two, bridge]).size).toBe(3);
  expect(await remove(engine, cli, 'one', 'two')).toBe('one\ntwo');
  await create(engine, cli, '--subnet', one, 'one');
  await remove(engine, cli, 'one');
});

each('IPv6', async (cli, engine) => {
  await create(engine, cli, '--ipv6', '--subnet', 'fd00:220::/64', 'six');
  expect(await field(engine, cli, 'six', '{{.EnableIPv6}}')).toBe('true');
  expect(await field(engine, cli, 'six', '{{range .IPAM.Config}}{{.Subnet}} {{end}}')).toMatch(
    /fd00:220::\/64/,
  );
  await remove(engine, cli, 'six');
});

each(
  'IPv6 subnets that nobody chose; IPv6 alone',
  async (cli, engine) => {
    await create(engine, cli, '--ipv6', 'six');
    expect(await field(engine, cli, 'six', '{{(index .IPAM.Config 1).Subnet}}')).toMatch(
      /^fd[0-9a-f:]+\/64$/,
    );
    await remove(engine, cli, 'six');
    await create(engine, cli, '--ipv6', '--ipv4=false', '--subnet', 'fd00:221::/64', 'six');
    expect(await field(engine, cli, 'six', '{{.EnableIPv4}} {{len .IPAM.Config}}')).toBe('false 1');
    await remove(engine, cli, 'six');
  },
  'Docker has them since 27 and 28',
);

each('names that are taken', async (cli, engine) => {
  await create(engine, cli, 'twice');
  expect(await refuses(engine, cli, 'twice')).toContain('network with name twice already exists');
  await remove(engine, cli, 'twice');
  for (const name of ['bridge', 'host', 'none', 'default']) {
    const text = await refuses(engine, cli, name);
    expect(text).toContain(`operation is not permitted on predefined ${name} network`);
  }
});

each('a name with slashes; what was left open, from the range', async (cli, engine) => {
  const id = await create(
    engine,
    cli,
    '--subnet',
    '10.219.0.0/24',
    '--ip-range',
    '10.219.0.128/25',
    'team/a',
  );
  expect(await field(engine, cli, 'team/a', '{{.Id}} {{.IPAM.Options}}')).toBe(`${id} map[]`);
  expect(await engine.ok(cli, 'run', '--rm', '--network', 'team/a', 'busybox', 'ip', 'route')).toContain(
    'default via 10.219.0.128',
  );
  await engine.ok(cli, 'create', '--name', 'box', 'busybox');
  await engine.ok(cli, 'network', 'connect', 'team/a', 'box');
  await engine.ok(cli, 'network', 'disconnect', 'team/a', 'box');
  await engine.ok(cli, 'rm', 'box');
  await remove(engine, cli, 'team/a');
  expect(await names(engine, cli, 'type=custom')).toEqual([]);
});

each('a subnet of a family that the network does not have is left alone', async (cli, engine) => {
  await create(engine, cli, '--subnet', '10.218.0.0/24', '--subnet', 'fd00:218::/64', 'four');
  const addresses = ['run', '--rm', '--network', 'four', 'busybox', 'ip', '-o', 'addr', 'show', 'eth0'];
  const shown = await engine.ok(cli, ...addresses);
  expect(shown).toContain('10.218.0.2/24');
  expect(shown).not.toContain('fd00');
  await remove(engine, cli, 'four');
});

each('what cannot be', async (cli, engine) => {
  const is = async (text: string | RegExp, ...args: string[]) =>
    expect(await refuses(engine, cli, ...args, 'bad')).toMatch(text);
  await create(
    engine,
    cli,
    '--subnet',
    '10.221.0.0/24',
    '-o',
    'com.docker.network.bridge.name=brtaken',
    'taken',
  );
  await is('Pool overlaps with other one on this address space', '--subnet', '10.221.0.0/25');
  await is('networks have same bridge name', '-o', 'com.docker.network.bridge.name=brtaken');
  await remove(engine, cli, 'taken');
  await is('existing interface up0 is not a bridge', '-o', 'com.docker.network.bridge.name=up0');
  await is(/plugin.* not found/, '-d', 'nope');
  await is('only one instance of "host" network is allowed', '-d', 'host');
  await is('only one instance of "null" network is allowed', '-d', 'null');
  await is('not a swarm manager', '-d', 'overlay');
  await is("doesn't support multiple subnets", '--subnet', '10.222.0.0/24', '--subnet', '10.223.0.0/24');
  await is(/[Ii]nvalid subnet foo/, '--subnet', 'foo');
  await is(/[Ii]nvalid subnet 10.223.0.0\/33/, '--subnet', '10.223.0.0/33');
  await is('every ip-range or gateway must have a corresponding subnet', '--gateway', '10.223.0.1');
  const within = ['--subnet', '10.223.0.0/24'];
  await is('no matching subnet for gateway 10.1.1.1', ...within, '--gateway', '10.1.1.1');
  await is('no matching subnet for range 10.1.1.0/28', ...within, '--ip-range', '10.1.1.0/28');
  await is('no matching subnet for aux-address 10.1.1.1', ...within, '--aux-address', 'x=10.1.1.1');
  await is(
    'failed to allocate secondary ip address (x:10.223.0.1): Address already in use',
    ...within,
    '--aux-address',
    'x=10.223.0.1',
  );
  await is(/enable_icc.*maybe|maybe.*enable_icc/, '-o', 'com.docker.network.bridge.enable_icc=maybe');
  await is('com.docker.network.driver.mtu', '-o', 'com.docker.network.driver.mtu=x');
  expect(await names(engine, cli, 'type=custom')).toEqual([]);
  const bridges = await command(['ip', '-n', engine.network.name, '-o', 'link', 'show', 'type', 'bridge']);
  expect(bridges.stdout.trim().split('\n')).toHaveLength(1);
});

each(
  'host bits in a subnet',
  async (cli, engine) =>
    expect(await refuses(engine, cli, '--subnet', '10.223.0.5/24', 'bad')).toContain(
      'invalid subnet 10.223.0.5/24: it should be 10.223.0.0/24',
    ),
  'Docker before 25 cuts them off',
);
