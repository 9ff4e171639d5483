/** `network connect` and `disconnect`: containers that run, are paused, do not run, or were never started. */
import { expect } from 'bun:test';
import { addressesOf, interfacesOf, sleeper } from '../networks/inside.ts';
import { Place } from '../networks/place.ts';
import { refusal } from '../networks/refusal.ts';
import { withNetworks } from '../networks/with-networks.ts';
import { type Cli, isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { each } = suite();

const two = { alpha: ['--subnet', '10.240.0.0/24'], beta: ['--subnet', '10.241.0.0/24'] };
const connect = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  engine.ok(cli, 'network', 'connect', ...args);
const disconnect = (engine: TestEngine, cli: Cli, ...args: string[]) =>
  engine.ok(cli, 'network', 'disconnect', ...args);
const members = async (engine: TestEngine, cli: Cli, network: string) => {
  const format = '{{range .Containers}}{{.Name}}={{.IPv4Address}} {{end}}';
  return (await engine.ok(cli, 'network', 'inspect', '-f', format, network))
    .split(' ')
    .filter(Boolean)
    .sort();
};

each('a container that runs: the interface comes and goes at once', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha', '--ip', '10.240.0.9');
    await sleeper(engine, cli, 'peer', '--network', 'beta', '--ip', '10.241.0.5');
    expect(await connect(engine, cli, '--ip', '10.241.0.9', '--alias', 'web', 'beta', 'box')).toBe('');
    expect(await addressesOf(engine, cli, 'box')).toEqual({ alpha: '10.240.0.9', beta: '10.241.0.9' });
    expect(await interfacesOf(engine, 'box')).toEqual({ eth0: ['10.240.0.9/24'], eth1: ['10.241.0.9/24'] });
    expect(await members(engine, cli, 'beta')).toEqual(['box=10.241.0.9/24', 'peer=10.241.0.5/24']);
    {
      await using box = await Place.container(engine, 'box');
      await using peer = await Place.container(engine, 'peer');
      await peer.serve('tcp', 80);
      expect(await box.call('tcp', '10.241.0.5', 80)).toBe('10.241.0.9');
      await disconnect(engine, cli, 'beta', 'box');
      expect(await box.call('tcp', '10.241.0.5', 80, 'silence')).toBe('silence');
    }
    expect(await addressesOf(engine, cli, 'box')).toEqual({ alpha: '10.240.0.9' });
    expect(await interfacesOf(engine, 'box')).toEqual({ eth0: ['10.240.0.9/24'] });
    expect(await members(engine, cli, 'beta')).toEqual(['peer=10.241.0.5/24']);
  }),
);

each('kept over stop, start and restart', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha', '--ip', '10.240.0.9');
    await connect(engine, cli, '--ip', '10.241.0.9', 'beta', 'box');
    const both = { eth0: ['10.240.0.9/24'], eth1: ['10.241.0.9/24'] };
    await engine.ok(cli, 'restart', '-t', '0', 'box');
    expect(Object.values(await interfacesOf(engine, 'box')).sort()).toEqual(Object.values(both));
    await engine.ok(cli, 'stop', '-t', '0', 'box');
    expect(await addressesOf(engine, cli, 'box')).toEqual({ alpha: '', beta: '' });
    expect(await members(engine, cli, 'alpha')).toEqual([]);
    await engine.ok(cli, 'start', 'box');
    expect(await addressesOf(engine, cli, 'box')).toEqual({ alpha: '10.240.0.9', beta: '10.241.0.9' });
    await disconnect(engine, cli, 'alpha', 'box');
    await engine.ok(cli, 'restart', '-t', '0', 'box');
    expect(await addressesOf(engine, cli, 'box')).toEqual({ beta: '10.241.0.9' });
    expect(await interfacesOf(engine, 'box')).toEqual({ eth0: ['10.241.0.9/24'] });
  }),
);

each('a container that does not run, or never did', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    await engine.ok(cli, 'create', '--name', 'box', '--network', 'alpha', 'busybox', 'sleep', '600');
    await connect(engine, cli, '--ip', '10.241.0.9', 'beta', 'box');
    await disconnect(engine, cli, 'alpha', 'box');
    expect(await addressesOf(engine, cli, 'box')).toEqual({ beta: '' });
    await engine.ok(cli, 'start', 'box');
    expect(await interfacesOf(engine, 'box')).toEqual({ eth0: ['10.241.0.9/24'] });
    await engine.ok(cli, 'stop', '-t', '0', 'box');
    await connect(engine, cli, '--ip', '10.240.0.9', 'alpha', 'box');
    // Once more is no error, as long as it does not run.
    await connect(engine, cli, 'alpha', 'box');
    await disconnect(engine, cli, 'beta', 'box');
    await engine.ok(cli, 'start', 'box');
    expect(Object.keys(await addressesOf(engine, cli, 'box'))).toEqual(['alpha']);
  }),
);

each('a container that is paused', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha', '--ip', '10.240.0.9');
    await engine.ok(cli, 'pause', 'box');
    await connect(engine, cli, '--ip', '10.241.0.9', 'beta', 'box');
    expect(await interfacesOf(engine, 'box')).toEqual({ eth0: ['10.240.0.9/24'], eth1: ['10.241.0.9/24'] });
    await disconnect(engine, cli, 'alpha', 'box');
    await engine.ok(cli, 'unpause', 'box');
    expect(await interfacesOf(engine, 'box')).toEqual({ eth1: ['10.241.0.9/24'] });
  }),
);

each('an address changes hands', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    for (const name of ['first', 'second']) await sleeper(engine, cli, name, '--network', 'alpha');
    await sleeper(engine, cli, 'peer', '--network', 'beta');
    await connect(engine, cli, '--ip', '10.241.0.9', 'beta', 'first');
    await using peer = await Place.container(engine, 'peer');
    for (const [name, next] of [
      ['first', 'second'],
      ['second', 'first'],
      ['first', ''],
    ] as const) {
      await using owner = await Place.container(engine, name);
      await owner.serve('tcp', 80);
      expect(await peer.call('tcp', '10.241.0.9', 80)).toMatch(/^10\.241\.0\./);
      expect(await owner.callers()).toHaveLength(1);
      if (next === '') break;
      const taken = await refusal(engine, cli, ['network', 'connect', '--ip', '10.241.0.9', 'beta', next]);
      expect(taken).toContain('Address already in use');
      await disconnect(engine, cli, 'beta', name);
      await connect(engine, cli, '--ip', '10.241.0.9', 'beta', next);
    }
  }),
);

each('the last network goes, and comes back', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha');
    await disconnect(engine, cli, 'alpha', 'box');
    expect(await interfacesOf(engine, 'box')).toEqual({});
    await engine.ok(cli, 'restart', '-t', '0', 'box');
    expect(await addressesOf(engine, cli, 'box')).toEqual({});
    expect(await engine.ok(cli, 'exec', 'box', 'ip', '-o', 'addr')).toContain('127.0.0.1/8');
    await connect(engine, cli, '--ip', '10.241.0.9', 'beta', 'box');
    expect(await interfacesOf(engine, 'box')).toEqual({ eth0: ['10.241.0.9/24'] });
  }),
);

each('what is refused', async (cli, engine) =>
  withNetworks(engine, two, async () => {
    await sleeper(engine, cli, 'box', '--network', 'alpha');
    await sleeper(engine, cli, 'guest', '--network', 'container:box');
    await sleeper(engine, cli, 'bare', '--network', 'none');
    await sleeper(engine, cli, 'hostly', '--network', 'host');
    const joining = async (text: string | RegExp, ...args: string[]) =>
      expect(await refusal(engine, cli, ['network', 'connect', ...args])).toMatch(text);
    const leaving = async (text: string | RegExp, ...args: string[]) =>
      expect(await refusal(engine, cli, ['network', 'disconnect', ...args])).toMatch(text);
    await joining('endpoint with name box already exists in network alpha', 'alpha', 'box');
    await joining('network nope not found', 'nope', 'box');
    await joining('No such container: nope', 'alpha', 'nope');
    await joining(
      /no configured subnet contains IP address 10.9.9.9|10.9.9.9: It does not belong/,
      '--ip',
      '10.9.9.9',
      'beta',
      'box',
    );
    await joining(/[Ii]nvalid IPv4 address: foo/, '--ip', 'foo', 'beta', 'box');
    await joining(
      'user specified IP address is supported on user defined networks only',
      '--ip',
      '10.9.9.9',
      'bridge',
      'box',
    );
    const shared =
      'container sharing network namespace with another container or host cannot be connected to any';
    await joining(shared, 'beta', 'guest');
    await joining(shared, 'beta', 'hostly');
    await joining(/container cannot be (dis)?connected (to|from) host network/, 'host', 'box');
    const lonely = 'container cannot be connected to multiple networks with one of the networks in private';
    await joining(lonely, 'beta', 'bare');
    await joining(lonely, 'none', 'box');
    await leaving(/is not connected to (the )?network beta/, 'beta', 'box');
    await leaving('network nope not found', 'nope', 'box');
    await leaving('No such container: nope', 'alpha', 'nope');
    await leaving('endpoint nope not found', '-f', 'alpha', 'nope');
    await leaving(/container cannot be (dis)?connected (to|from) host network/, 'host', 'hostly');
    const left = Object.entries(await addressesOf(engine, cli, 'box'));
    // Docker 20.10 goes on listing a network that could not be joined.
    expect(left.filter(([, address]) => isGantry || address !== '').map(([name]) => name)).toEqual(['alpha']);
    expect(Object.keys(await interfacesOf(engine, 'box'))).toEqual(['eth0']);
  }),
);
