/** The network by which a container reaches the world, and is reached: what happens when it goes, or another one comes. */
import { expect } from 'bun:test';
import { gatewayOf, interfacesOf, sleeper } from '../networks/inside.ts';
import { Place } from '../networks/place.ts';
import { withNetworks } from '../networks/with-networks.ts';
import { type Cli, isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const networks = {
  alpha: ['--subnet', '10.242.0.0/24'],
  beta: ['--subnet', '10.243.0.0/24'],
  cellar: ['--subnet', '10.244.0.0/24', '--internal'],
};
const connect = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  engine.ok(cli, 'network', 'connect', ...args);
const disconnect = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  engine.ok(cli, 'network', 'disconnect', ...args);

/** A server on port 80, published as 8080, while `body` asks for it; `by` says which bridge's address the server saw last. */
async function whileServing(
  engine: TestEngine,
  name: string,
  body: (by: (expected: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await using box = await Place.container(engine, name);
  await using host = Place.at(engine.network);
  await box.serve('tcp', 80);
  await body(async (expected) => expect(await host.call('tcp', '127.0.0.1', 8080, expected)).toBe(expected));
}

each('default route and published ports go to the network that is left', async (cli, engine) =>
  withNetworks(engine, networks, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha', '-p', '8080:80');
    await connect(engine, cli, 'beta', 'box');
    expect(await gatewayOf(engine, 'box')).toBe('10.242.0.1');
    await whileServing(engine, 'box', async (by) => {
      await by('10.242.0.1');
      await disconnect(engine, cli, 'alpha', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('10.243.0.1');
      await by('10.243.0.1');
      await connect(engine, cli, 'alpha', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('10.242.0.1');
      await by('10.242.0.1');
      await disconnect(engine, cli, 'beta', 'box');
      await by('10.242.0.1');
    });
    expect(await engine.ok(cli, 'port', 'box', '80')).toContain('0.0.0.0:8080');
  }),
);

each('nothing is left: no ports, until there is a network again', async (cli, engine) =>
  withNetworks(engine, networks, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha', '-p', '8080:80');
    await whileServing(engine, 'box', async (by) => {
      await disconnect(engine, cli, 'alpha', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('');
      await by('refused');
      await connect(engine, cli, 'beta', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('10.243.0.1');
      await by('10.243.0.1');
    });
  }),
);

each('an internal network is never the way', async (cli, engine) =>
  withNetworks(engine, networks, async () => {
    await sleeper(engine, cli, 'box', '--network', 'beta', '-p', '8080:80');
    await connect(engine, cli, 'cellar', 'box');
    expect(await gatewayOf(engine, 'box')).toBe('10.243.0.1');
    await whileServing(engine, 'box', async (by) => {
      await by('10.243.0.1');
      await disconnect(engine, cli, 'beta', 'box');
      // Docker 20.10 lets docker-proxy go there.
      if (isGantry) await by('refused');
      await connect(engine, cli, 'beta', 'box');
      await by('10.243.0.1');
    });
  }),
);

each(
  'a container of an internal network alone has no way out and publishes nothing',
  async (cli, engine) =>
    withNetworks(engine, networks, async () => {
      await sleeper(engine, cli, 'box', '--network', 'cellar', '-p', '8080:80');
      expect(await gatewayOf(engine, 'box')).toBe('');
      expect(Object.keys(await interfacesOf(engine, 'box'))).toEqual(['eth0']);
      expect(await engine.ok(cli, 'port', 'box')).toBe('');
      await whileServing(engine, 'box', (by) => by('refused'));
    }),
  'Docker 20.10 gives it a default route',
);

each(
  'gw-priority decides when a network comes',
  async (cli, engine) =>
    withNetworks(engine, networks, async () => {
      await sleeper(engine, cli, 'box', '--network', 'alpha', '-p', '8080:80');
      await connect(engine, cli, '--gw-priority', '1', 'beta', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('10.243.0.1');
      await whileServing(engine, 'box', (by) => by('10.243.0.1'));
      await engine.ok(cli, 'restart', '-t', '0', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('10.243.0.1');
      await disconnect(engine, cli, 'beta', 'box');
      await connect(engine, cli, '--gw-priority', '-1', 'beta', 'box');
      expect(await gatewayOf(engine, 'box')).toBe('10.242.0.1');
    }),
  'Docker has priorities since 28',
);
