/** `-p` in all its forms, `-P` and `port`. What is taken already: network-ports-taken.test.ts. */
import { expect } from 'bun:test';
import { sleeper } from '../networks/inside.ts';
import { refusal } from '../networks/refusal.ts';
import { ServedBox } from '../networks/served-box.ts';
import { withNetworks } from '../networks/with-networks.ts';
import { succeed } from '../rig/command.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();
const dual = { dual: ['--ipv6', '--subnet', '10.250.0.0/24', '--subnet', 'fd00:250::/64'] };

each('all addresses, one address, ranges, chosen ports, UDP', async (cli, engine) => {
  const flags = ['8080:80', '127.0.0.2:8081:80', '9000-9003:7000-7003', '127.0.0.1::81', '8080:5300/udp'];
  await using box = await ServedBox.start(engine, cli, ...flags.flatMap((spec) => ['-p', spec]));
  const { inside } = engine.network.addresses;
  for (const host of ['127.0.0.1', '127.0.0.2', inside])
    expect(await box.called(8080, host)).toBe('answered');
  expect(await box.called(8080, inside, 'udp')).toBe('answered');
  expect(await box.called(8081, '127.0.0.2')).toBe('answered');
  for (const host of ['127.0.0.1', inside]) expect(await box.called(8081, host)).toBe('refused');
  for (const port of [9000, 9003]) expect(await box.called(port)).toBe('answered');
  expect(await box.called(9004)).toBe('refused');
  const [chosen = ''] = (await engine.ok(cli, 'port', 'box', '81')).split('\n');
  expect(chosen).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await box.called(Number(chosen.split(':')[1]))).toBe('answered');
  expect((await box.ports()).sort()).toEqual([
    '5300/udp -> 0.0.0.0:8080',
    ...[7000, 7001, 7002, 7003].map((port) => `${port}/tcp -> 0.0.0.0:${port + 2000}`),
    '80/tcp -> 0.0.0.0:8080',
    '80/tcp -> 127.0.0.2:8081',
    `81/tcp -> ${chosen}`,
  ]);
  expect(await engine.ok(cli, 'ps', '--format', '{{.Ports}}')).toContain('0.0.0.0:9003->7003/tcp');
});

each('of a range of the host the first that is free', async (cli, engine) => {
  for (const name of ['one', 'two']) await sleeper(engine, cli, name, '-p', '8000-8002:80');
  await using box = await ServedBox.start(engine, cli, '-p', '8000-8002:80');
  expect(await box.ports()).toEqual(['80/tcp -> 0.0.0.0:8002']);
  expect(await box.called(8002)).toBe('answered');
  const late = await refusal(
    engine,
    cli,
    ['run', '--name', 'late', '-p', '8000-8002:80', 'busybox', 'true'],
    125,
  );
  expect(late).toContain('all ports are allocated');
  await engine.ok(cli, 'rm', '-f', 'one');
  await engine.ok(cli, 'start', 'late');
  await engine.ok(cli, 'rm', '-f', 'two', 'late');
});

each('-P publishes what is exposed', async (cli, engine) => {
  const expose = ['--expose', '80', '--expose', '7000-7001', '--expose', '5300/udp'];
  await using box = await ServedBox.start(engine, cli, '-P', ...expose, '-p', '8080:80');
  const ports = await box.ports();
  expect(ports.map((line) => line.split(' ')[0]).sort()).toEqual([
    '5300/udp',
    '7000/tcp',
    '7001/tcp',
    '80/tcp',
  ]);
  expect(ports).toContain('80/tcp -> 0.0.0.0:8080');
  for (const line of ports) {
    const port = Number(line.split(':').at(-1));
    expect(await box.called(port, '127.0.0.1', line.includes('/udp') ? 'udp' : 'tcp')).toBe('answered');
  }
});

each('port: one, none, nobody', async (cli, engine) => {
  await using _box = await ServedBox.start(engine, cli, '-p', '127.0.0.1:8080:80', '-p', '127.0.0.1:8081:80');
  for (const port of ['80', '80/tcp'])
    expect(await engine.ok(cli, 'port', 'box', port)).toBe('127.0.0.1:8080\n127.0.0.1:8081');
  const none = (port: string) => refusal(engine, cli, ['port', 'box', port]);
  expect(await none('80/udp')).toContain("No public port '80/udp' published for box");
  expect(await none('81')).toContain("No public port '81' published for box");
  expect(await none('foo')).toContain('invalid port (foo)');
  expect(await refusal(engine, cli, ['port', 'nobody'])).toContain('No such container: nobody');
});

each('a network with IPv6: both families', async (cli, engine) =>
  withNetworks(engine, dual, async () => {
    await succeed(['ip', '-n', engine.network.name, 'addr', 'add', 'fd00:99::1/64', 'dev', 'up0', 'nodad']);
    const flags = ['8080:80', '[fd00:99::1]:8081:80', '127.0.0.1:8082:80', '8080:5300/udp'];
    const specs = flags.flatMap((spec) => ['-p', spec]);
    await using box = await ServedBox.start(engine, cli, '--network', 'dual', ...specs);
    expect((await box.ports(true)).sort()).toEqual([
      '5300/udp -> 0.0.0.0:8080',
      '5300/udp -> [::]:8080',
      '80/tcp -> 0.0.0.0:8080',
      '80/tcp -> 127.0.0.1:8082',
      '80/tcp -> [::]:8080',
      '80/tcp -> [fd00:99::1]:8081',
    ]);
    for (const host of ['127.0.0.1', 'fd00:99::1']) expect(await box.called(8080, host)).toBe('answered');
    expect(await box.called(8080, 'fd00:99::1', 'udp')).toBe('answered');
    expect(await box.called(8081, 'fd00:99::1')).toBe('answered');
    expect(await box.called(8081)).toBe('refused');
    expect(await box.called(8082, 'fd00:99::1')).toBe('refused');
    await succeed(['ip', '-n', engine.network.name, 'addr', 'del', 'fd00:99::1/64', 'dev', 'up0']);
  }),
);

each(
  'IPv6 addresses that nobody could serve: ::1, and any for a container without IPv6',
  async (cli, engine) =>
    withNetworks(engine, dual, async () => {
      const run = (...flags: string[]) =>
        refusal(engine, cli, ['run', '--rm', ...flags, 'busybox', 'true'], 125);
      expect(await run('--network', 'dual', '-p', '[::1]:8080:80')).toContain('publish on 127.0.0.1');
      expect(await run('-p', '[::]:8080:80')).toContain('the container has no IPv6 address');
      await using box = await ServedBox.start(engine, cli, '-p', '8080:80');
      expect(await box.ports(true)).toEqual(['80/tcp -> 0.0.0.0:8080']);
      expect(await box.called(8080, '::1')).toBe('refused');
    }),
  'Docker has a process for each port, which speaks IPv4 to the container',
);

each('what cannot be meant', async (cli, engine) => {
  const run = (spec: string) => refusal(engine, cli, ['run', '--rm', '-p', spec, 'busybox', 'true'], 125);
  expect(await run('8100-8101:80-82')).toContain('invalid ranges specified for container and host Ports');
  expect(await run('8100:80-81')).toContain('invalid ranges specified for container and host Ports');
  expect(await run('foo:80')).toContain('invalid hostPort: foo');
  expect(await run('99999:80')).toContain('invalid hostPort: 99999');
  expect(await run('80:99999')).toContain('invalid containerPort: 99999');
  expect(await run('300.1.1.1:80:80')).toContain('invalid IP address: 300.1.1.1');
  expect(await run('80:80/foo')).toContain('invalid proto: foo');
  expect(await run('80:')).toContain('no port specified: 80:<empty>');
});
