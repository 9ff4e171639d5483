/** `gantry update --publish-add` and `--publish-rm`: the ports of a container that runs. Docker has nothing like it. */
import { expect } from 'bun:test';
import { sleeper } from '../networks/inside.ts';
import { refusal } from '../networks/refusal.ts';
import { ServedBox } from '../networks/served-box.ts';
import { withNetworks } from '../networks/with-networks.ts';
import type { TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';

const { once } = suite();
const cli = 'gantry';
const own = 'gantry’s own';

const flag = (name: string, specs: readonly string[]) => specs.flatMap((spec) => [`--publish-${name}`, spec]);
const changes = (add: readonly string[], remove: readonly string[]) => [
  'update',
  ...flag('add', add),
  ...flag('rm', remove),
  'box',
];
const update = (engine: TestEngine, add: readonly string[], remove: readonly string[] = []) =>
  engine.ok(cli, ...changes(add, remove));
const refuses = (engine: TestEngine, add: readonly string[], remove: readonly string[] = []) =>
  refusal(engine, cli, changes(add, remove));

once(
  'reachable at once, gone at once, while the others stay',
  async (engine) => {
    await using box = await ServedBox.start(engine, cli, '-p', '8080:80');
    expect(await box.called(8081)).toBe('refused');
    expect(
      await update(engine, ['8081:81', '127.0.0.1:8082:80', '9000-9001:7000-7001', '8080:5300/udp']),
    ).toBe('box');
    for (const port of [8080, 8081, 8082, 9000, 9001]) expect(await box.called(port)).toBe('answered');
    expect(await box.called(8080, '127.0.0.1', 'udp')).toBe('answered');
    expect(await box.called(8082, engine.network.addresses.inside)).toBe('refused');
    expect((await box.ports()).sort()).toEqual([
      '5300/udp -> 0.0.0.0:8080',
      '7000/tcp -> 0.0.0.0:9000',
      '7001/tcp -> 0.0.0.0:9001',
      '80/tcp -> 0.0.0.0:8080',
      '80/tcp -> 127.0.0.1:8082',
      '81/tcp -> 0.0.0.0:8081',
    ]);
    await update(engine, [], ['8081:81', '8080:5300/udp', '9000-9001:7000-7001']);
    for (const port of [8081, 9000, 9001]) expect(await box.called(port)).toBe('refused');
    expect(await box.called(8080, '127.0.0.1', 'udp')).toBe('refused');
    for (const port of [8080, 8082]) expect(await box.called(port)).toBe('answered');
    await update(engine, ['8081:81'], ['8080:80', '127.0.0.1:8082:80']);
    expect(await box.ports()).toEqual(['81/tcp -> 0.0.0.0:8081']);
    expect(await box.called(8081)).toBe('answered');
    expect(await box.called(8080)).toBe('refused');
    // The same port of the host, in one step.
    await update(engine, ['8081:80'], ['8081:81']);
    expect(await box.ports()).toEqual(['80/tcp -> 0.0.0.0:8081']);
    expect(await box.called(8081)).toBe('answered');
  },
  own,
);

once(
  'a port that the engine chooses; all of a container port',
  async (engine) => {
    await using box = await ServedBox.start(engine, cli);
    await update(engine, ['80', '127.0.0.1::80', '81']);
    const lines = await box.ports();
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(await box.called(Number(line.split(':')[1]))).toBe('answered');
    await update(engine, [], ['80']);
    expect(await box.ports()).toEqual(lines.filter((line) => line.startsWith('81/')));
    await update(engine, [], [`${lines.at(-1)?.split(':')[1]}:81`]);
    expect(await box.ports()).toEqual([]);
  },
  own,
);

once(
  'one of those that -P publishes',
  async (engine) => {
    await using box = await ServedBox.start(engine, cli, '-P', '--expose', '80-81');
    const [first = '', second = ''] = await box.ports();
    await update(engine, ['8082:80'], ['80']);
    expect(await box.ports()).toEqual(['80/tcp -> 0.0.0.0:8082', second]);
    expect(await box.called(Number(first.split(':')[1]))).toBe('refused');
    await box.restart();
    expect((await box.ports()).map((line) => line.slice(0, 6))).toEqual(['80/tcp', '81/tcp']);
  },
  own,
);

once(
  'kept over restarts, of the container and of the daemon',
  async (engine) => {
    await using box = await ServedBox.start(engine, cli, '-p', '8080:80', '-p', '8081:81');
    await update(engine, ['8082:80'], ['8081:81']);
    const kept = async () => {
      for (const port of [8080, 8082]) expect(await box.called(port)).toBe('answered');
      expect(await box.called(8081)).toBe('refused');
      expect(await box.ports()).toEqual(['80/tcp -> 0.0.0.0:8080', '80/tcp -> 0.0.0.0:8082']);
    };
    await box.restart();
    await kept();
    await engine.stopDaemon('SIGKILL');
    await engine.startDaemon();
    await kept();
    await box.restart();
    await kept();
  },
  own,
);

once(
  'a port that is taken changes nothing',
  async (engine) => {
    await sleeper(engine, cli, 'other', '-p', '8090:80');
    await using box = await ServedBox.start(engine, cli, '-p', '8080:80');
    await box.host.serve('tcp', 8091);
    const before = await engine.ok(cli, 'inspect', 'box');
    expect(await refuses(engine, ['8082:80', '8090:80'], ['8080:80'])).toContain('port is already allocated');
    expect(await refuses(engine, ['8082:80', '8091:80'], ['8080:80'])).toContain('address already in use');
    expect(await refuses(engine, ['8080:81'])).toContain('port is already allocated');
    expect(await refuses(engine, ['192.0.2.77:8082:80'])).toContain('cannot assign requested address');
    expect(await engine.ok(cli, 'inspect', 'box')).toBe(before);
    expect(await box.called(8080)).toBe('answered');
    expect(await box.called(8082)).toBe('refused');
    // What was to go is still the container's, and what the attempts had for a moment is free.
    expect(await box.host.serve('tcp', 8080).catch(String)).toContain('Failed to listen');
    await update(engine, ['8082:80']);
    expect(await box.called(8082)).toBe('answered');
    await engine.ok(cli, 'rm', '-f', 'other');
  },
  own,
);

once(
  'a port that is not published cannot be withdrawn',
  async (engine) => {
    await using box = await ServedBox.start(engine, cli, '-p', '127.0.0.1:8080:80');
    const wrong = ['81', '8081:80', '8080:80/udp', '127.0.0.2:8080:80'];
    for (const spec of wrong)
      expect(await refuses(engine, ['8085:80'], [spec])).toContain('is not published');
    expect(await refuses(engine, ['8085:80'], ['127.0.0.1:8080:80', '81'])).toContain('is not published');
    expect(await box.ports()).toEqual(['80/tcp -> 127.0.0.1:8080']);
    expect(await box.called(8085)).toBe('refused');
    expect(await refuses(engine, ['foo:80'])).toContain('invalid hostPort: foo');
  },
  own,
);

once(
  'a container that does not run has them from its next start on',
  async (engine) => {
    await using box = await ServedBox.start(engine, cli, '-p', '8080:80');
    await engine.ok(cli, 'stop', '-t', '0', 'box');
    await update(engine, ['8081:81'], ['8080:80']);
    expect(await box.called(8081)).toBe('refused');
    await box.restart();
    expect(await box.called(8081)).toBe('answered');
    expect(await box.ports()).toEqual(['81/tcp -> 0.0.0.0:8081']);
  },
  own,
);

once(
  'both families, and networks that have no ports',
  async (engine) =>
    withNetworks(
      engine,
      { dual: ['--ipv6', '--subnet', '10.251.0.0/24', '--subnet', 'fd00:251::/64'] },
      async () => {
        await using box = await ServedBox.start(engine, cli, '--network', 'dual');
        await update(engine, ['8080:80']);
        expect((await box.ports(true)).sort()).toEqual(['80/tcp -> 0.0.0.0:8080', '80/tcp -> [::]:8080']);
        for (const host of ['10.251.0.1', 'fd00:251::1'])
          expect(await box.called(8080, host)).toBe('answered');
        await update(engine, [], ['8080:80']);
        for (const host of ['10.251.0.1', 'fd00:251::1'])
          expect(await box.called(8080, host)).toBe('refused');
        await sleeper(engine, cli, 'hostly', '--network', 'host');
        expect(await refusal(engine, cli, ['update', '--publish-add', '8080:80', 'hostly'])).toContain(
          'conflicting options',
        );
      },
    ),
  own,
);
