/** Containers that are created on networks: addresses that are asked for, several networks, and those that are not networks. */
import { expect } from 'bun:test';
import { addressesOf, gatewayOf, interfacesOf, runInside, sleeper } from '../networks/inside.ts';
import { refusal } from '../networks/refusal.ts';
import { withNetworks } from '../networks/with-networks.ts';
import type { Cli, TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const range = ['--subnet', '10.230.0.0/24', '--ip-range', '10.230.0.128/30', '--gateway', '10.230.0.1'];
const aux = ['--aux-address', 'printer=10.230.0.129'];

const refuses = (engine: TestEngine, cli: Cli, ...flags: string[]) =>
  refusal(engine, cli, ['run', '--rm', ...flags, 'busybox', 'true'], 125);

each('addresses: of the range, asked for, never twice', async (cli, engine) =>
  withNetworks(engine, { lan: [...range, ...aux] }, async () => {
    await sleeper(engine, cli, 'asked', '--network', 'lan', '--ip', '10.230.0.5');
    expect(await interfacesOf(engine, 'asked')).toEqual({ eth0: ['10.230.0.5/24'] });
    expect(await gatewayOf(engine, 'asked')).toBe('10.230.0.1');
    const given = new Set<string>();
    for (const name of ['one', 'two', 'three']) {
      await sleeper(engine, cli, name, '--network', 'lan');
      given.add((await addressesOf(engine, cli, name)).lan ?? '');
    }
    expect(given).toEqual(new Set(['10.230.0.128', '10.230.0.130', '10.230.0.131']));
    expect(await refuses(engine, cli, '--network', 'lan')).toContain(
      "no available IPv4 addresses on this network's address pools: lan",
    );
    for (const address of ['10.230.0.5', '10.230.0.1', '10.230.0.129', '10.230.0.0', '10.230.0.255'])
      expect(await refuses(engine, cli, '--network', 'lan', '--ip', address)).toContain(
        'Address already in use',
      );
    await engine.ok(cli, 'stop', '-t', '0', 'one', 'asked');
    await engine.ok(cli, 'run', '--rm', '--network', 'lan', '--ip', '10.230.0.5', 'busybox', 'true');
    await engine.ok(cli, 'run', '--rm', '--network', 'lan', 'busybox', 'true');
  }),
);

each('addresses that cannot be asked for', async (cli, engine) =>
  withNetworks(engine, { lan: range }, async () => {
    const own = 'user specified IP address is supported on user defined networks only';
    expect(await refuses(engine, cli, '--ip', '10.230.0.5')).toContain(own);
    const elsewhere = await refuses(engine, cli, '--network', 'lan', '--ip', '10.9.9.9');
    expect(elsewhere).toMatch(
      /no configured subnet contains IP address 10.9.9.9|10.9.9.9: It does not belong/,
    );
    expect(await refuses(engine, cli, '--network', 'lan', '--ip', 'foo')).toContain(
      'invalid IPv4 address: foo',
    );
    const six = await refuses(engine, cli, '--network', 'lan', '--ip6', 'fd00::1');
    expect(six).toMatch(/no configured subnet contains IP address fd00::1|user configured subnets/);
  }),
);

each('IPv6 addresses', async (cli, engine) =>
  withNetworks(
    engine,
    {
      dual: ['--ipv6', '--subnet', '10.231.0.0/24', '--subnet', 'fd00:231::/64', '--gateway', 'fd00:231::1'],
    },
    async () => {
      await sleeper(engine, cli, 'asked', '--network', 'dual', '--ip', '10.231.0.7', '--ip6', 'fd00:231::77');
      expect((await interfacesOf(engine, 'asked')).eth0?.sort()).toEqual([
        '10.231.0.7/24',
        'fd00:231::77/64',
      ]);
      expect(await gatewayOf(engine, 'asked', 6)).toBe('fd00:231::1');
      await sleeper(engine, cli, 'any', '--network', 'dual');
      expect((await interfacesOf(engine, 'any')).eth0).toContainEqual(
        expect.stringMatching(/^fd00:231::.*\/64$/),
      );
      const format =
        '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}}{{end}}';
      expect(await engine.ok(cli, 'inspect', '-f', format, 'asked')).toBe('fd00:231::77/64');
      const twice = await refuses(engine, cli, '--network', 'dual', '--ip6', 'fd00:231::77');
      expect(twice).toContain('Address already in use');
    },
  ),
);

each('aliases', async (cli, engine) =>
  withNetworks(engine, { lan: [] }, async () => {
    await sleeper(
      engine,
      cli,
      'named',
      '--network',
      'lan',
      '--network-alias',
      'web',
      '--network-alias',
      'www',
    );
    const aliases = await engine.ok(
      cli,
      'inspect',
      '-f',
      '{{json .NetworkSettings.Networks.lan.Aliases}}',
      'named',
    );
    expect(JSON.parse(aliases)).toEqual(expect.arrayContaining(['web', 'www']));
    expect(await refuses(engine, cli, '--network-alias', 'web')).toContain(
      'network-scoped aliases are only supported for user-defined networks',
    );
  }),
);

each(
  'hardware addresses',
  async (cli, engine) =>
    withNetworks(engine, { lan: [] }, async () => {
      await sleeper(engine, cli, 'own', '--network', 'lan', '--mac-address', '02:42:0a:e6:00:77');
      expect(await runInside(engine, 'own', 'ip -o link show eth0')).toContain('02:42:0a:e6:00:77');
      const format = '{{.NetworkSettings.Networks.lan.MacAddress}}';
      expect(await engine.ok(cli, 'inspect', '-f', format, 'own')).toBe('02:42:0a:e6:00:77');
      expect(await refuses(engine, cli, '--mac-address', 'foo')).toContain('foo is not a valid mac address');
    }),
  'the command asks for them per network, which Docker before 25 cannot do',
);

each(
  'several networks, in the order of their flags; the gateway by name, unless one has priority',
  async (cli, engine) =>
    withNetworks(
      engine,
      { alpha: ['--subnet', '10.232.0.0/24'], beta: ['--subnet', '10.233.0.0/24'] },
      async () => {
        const both = [
          '--network',
          'name=beta,ip=10.233.0.9',
          '--network',
          'name=alpha,ip=10.232.0.9,alias=x',
        ];
        await sleeper(engine, cli, 'plain', ...both);
        expect(await interfacesOf(engine, 'plain')).toEqual({
          eth0: ['10.233.0.9/24'],
          eth1: ['10.232.0.9/24'],
        });
        expect(await gatewayOf(engine, 'plain')).toBe('10.232.0.1');
        await engine.ok(cli, 'rm', '-f', 'plain');
        await sleeper(engine, cli, 'prior', '--network', 'alpha', '--network', 'name=beta,gw-priority=5');
        expect(await gatewayOf(engine, 'prior')).toBe('10.233.0.1');
        const priority = '{{.NetworkSettings.Networks.beta.GwPriority}}';
        expect(await engine.ok(cli, 'inspect', '-f', priority, 'prior')).toBe('5');
      },
    ),
  'Docker takes several networks at create since 25, priorities since 28',
);

each('host, none, and the network of another container', async (cli, engine) =>
  withNetworks(engine, { lan: [] }, async () => {
    await sleeper(engine, cli, 'owner', '--network', 'lan');
    await sleeper(engine, cli, 'guest', '--network', 'container:owner');
    expect(await interfacesOf(engine, 'guest')).toEqual(await interfacesOf(engine, 'owner'));
    expect(await addressesOf(engine, cli, 'guest')).toEqual({});
    const alone = await engine.ok(cli, 'run', '--rm', '--network', 'none', 'busybox', 'ip', '-o', 'addr');
    expect(alone.split('\n').filter((line) => !line.includes(' lo '))).toEqual([]);
    expect(alone).toContain('127.0.0.1/8');
    const attached =
      'conflicting options: cannot attach both user-defined and non-user-defined network-modes';
    for (const mode of ['host', 'none', 'container:owner'])
      expect(await refuses(engine, cli, '--network', mode, '--network', 'lan')).toContain(attached);
    const ports = await refuses(engine, cli, '--network', 'container:owner', '-p', '80:80');
    expect(ports).toContain('conflicting options: port publishing and the container type network mode');
    const named = await refuses(engine, cli, '--network', 'container:owner', '--hostname', 'x');
    expect(named).toContain('conflicting options: hostname and the network mode');
    expect(await refuses(engine, cli, '--network', 'container:nope')).toContain('No such container: nope');
    expect(await refuses(engine, cli, '--network', 'nope')).toContain('network nope not found');
    await engine.ok(cli, 'rm', '-f', 'owner');
    const host = await engine.run(cli, [
      'run',
      '--rm',
      '--network',
      'host',
      '-p',
      '80:80',
      'busybox',
      'true',
    ]);
    expect([host.code, host.stderr]).toEqual([0, expect.stringContaining('Published ports are discarded')]);
  }),
);
