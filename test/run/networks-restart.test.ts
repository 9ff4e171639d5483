/** The daemon ends and comes again: networks stay what they were. */
import { expect } from 'bun:test';
import { addressesOf, interfacesOf, sleeper } from '../networks/inside.ts';
import { Place } from '../networks/place.ts';
import { withNetworks } from '../networks/with-networks.ts';
import { command, succeed } from '../rig/command.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();

const networks = {
  dual: ['--ipv6', '--subnet', '10.245.0.0/24', '--subnet', 'fd00:245::/64', '--label', 'a=b'],
  wide: [],
  cellar: [
    '--internal',
    '-o',
    'com.docker.network.bridge.name=brcellar',
    '-o',
    'com.docker.network.driver.mtu=1300',
  ],
  plan: ['--config-only', '--subnet', '10.246.0.0/24'],
};

/** Everything that is told of networks, but who is on them. */
async function told(engine: TestEngine): Promise<unknown> {
  const names = isGantry ? ['bridge', 'host', 'none', ...Object.keys(networks)] : Object.keys(networks);
  const list = JSON.parse(await engine.ok('docker', 'network', 'inspect', ...names));
  return list.map(({ Containers: _, IPAM, ...network }: { Containers: unknown; IPAM: unknown }) =>
    // Docker makes its own networks anew, and tells of gateways that it chose from then on.
    isGantry ? { ...network, IPAM } : network,
  );
}

async function restart(engine: TestEngine, signal: NodeJS.Signals): Promise<void> {
  await engine.stopDaemon(signal);
  await engine.startDaemon();
}

/** Bridges of the host, with their addresses. */
async function bridges(engine: TestEngine): Promise<string[]> {
  const output = await succeed(['ip', '-n', engine.network.name, '-j', 'addr', 'show', 'type', 'bridge']);
  const links: { ifname: string; mtu: number; addr_info: { local: string; scope: string }[] }[] =
    JSON.parse(output);
  return links
    .map(({ ifname, mtu, addr_info }) => {
      const own = addr_info.filter(({ scope }) => scope === 'global').map(({ local }) => local);
      return [ifname, mtu, ...own.sort()].join(' ');
    })
    .sort();
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  once(
    `networks are the same after ${signal}`,
    async (engine) =>
      withNetworks(engine, networks, async () => {
        const before = await told(engine);
        const links = await bridges(engine);
        await restart(engine, signal);
        expect(await told(engine)).toEqual(before);
        expect(await bridges(engine)).toEqual(links);
        await sleeper(
          engine,
          'docker',
          'box',
          '--network',
          'dual',
          '--ip6',
          'fd00:245::9',
          '--ip',
          '10.245.0.9',
        );
        expect((await interfacesOf(engine, 'box')).eth0?.sort()).toEqual(['10.245.0.9/24', 'fd00:245::9/64']);
        await engine.ok('docker', 'network', 'create', 'late');
        await engine.ok('docker', 'network', 'rm', 'late', 'wide');
        await restart(engine, signal);
        expect(await bridges(engine)).toHaveLength(links.length - 1);
      }),
    signal === 'SIGKILL'
      ? 'a dockerd that was killed leaves a containerd behind that its successor runs into'
      : undefined,
  );

once(
  'containers keep their networks while there is no daemon, and after it came back',
  async (engine) =>
    withNetworks(engine, networks, async () => {
      await sleeper(engine, 'docker', 'box', '--network', 'dual', '--ip', '10.245.0.9', '-p', '8080:80');
      await engine.ok('docker', 'network', 'connect', 'wide', 'box');
      await sleeper(engine, 'docker', 'peer', '--network', 'dual');
      const [addresses, interfaces] = [
        await addressesOf(engine, 'docker', 'box'),
        await interfacesOf(engine, 'box'),
      ];
      await using box = await Place.container(engine, 'box');
      await using peer = await Place.container(engine, 'peer');
      await using host = Place.at(engine.network);
      await box.serve('tcp', 80);
      const reachable = async () => {
        expect(await host.call('tcp', '127.0.0.1', 8080)).toBe('10.245.0.1');
        expect(await peer.call('tcp', '10.245.0.9', 80)).toMatch(/^10\.245\.0\./);
      };
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await engine.stopDaemon(signal);
        await reachable();
        await engine.startDaemon();
        await reachable();
        expect(await addressesOf(engine, 'docker', 'box')).toEqual(addresses);
      }
      const taken = await engine.run('docker', [
        'run',
        '--network',
        'dual',
        '--ip',
        '10.245.0.9',
        '--rm',
        'busybox',
        'true',
      ]);
      expect(taken.stderr).toContain('Address already in use');
      const port = await engine.run('docker', ['run', '-p', '8080:80', '--rm', 'busybox', 'true']);
      expect(port.stderr).toContain('port is already allocated');
      await engine.ok('docker', 'network', 'disconnect', 'wide', 'box');
      expect(await interfacesOf(engine, 'box')).toEqual({ eth0: interfaces.eth0 ?? [] });
      await reachable();
    }),
  'Docker’s containers end with the daemon unless it is told otherwise',
);

once('a bridge that was deleted meanwhile is made again', async (engine) =>
  withNetworks(engine, networks, async () => {
    const before = await told(engine);
    await engine.stopDaemon();
    await command(['ip', '-n', engine.network.name, 'link', 'del', 'brcellar']);
    await engine.startDaemon();
    expect(await told(engine)).toEqual(before);
    await sleeper(engine, 'docker', 'box', '--network', 'cellar');
    await sleeper(engine, 'docker', 'peer', '--network', 'cellar');
    const { eth0: [address = ''] = [] } = await interfacesOf(engine, 'peer');
    await using peer = await Place.container(engine, 'peer');
    await using box = await Place.container(engine, 'box');
    await peer.serve('tcp', 80);
    expect(await box.call('tcp', address.split('/')[0] ?? '', 80)).not.toMatch(/refused|silence/);
  }),
);
