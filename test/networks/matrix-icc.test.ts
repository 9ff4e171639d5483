/** Networks whose containers may not talk to each other (`icc` off), and the links that open them one way. */
import { expect } from 'bun:test';
import { succeed } from '../rig/command.ts';
import { isGantry, type TestEngine } from '../rig/engine.ts';
import { suite } from '../rig/suite.ts';
import { Place, type Protocol } from './place.ts';

/** Few addresses, so that they soon change hands. */
const bip = '10.213.0.1/29';
const { once } = suite({
  flags: ['--icc=false', '--bip', bip, ...(isGantry ? [] : ['--experimental', '--ip6tables'])],
});
const protocols: readonly Protocol[] = ['tcp', 'udp'];
const exposed = { tcp: 5000, udp: 5001 };
const hidden = { tcp: 6000, udp: 6001 };

/** A container with servers on all four ports; removed at the end. */
class Served implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly engine: TestEngine,
    readonly place: Place,
    readonly address: { 4: string; 6: string },
  ) {}

  static async start(engine: TestEngine, name: string, ...flags: string[]): Promise<Served> {
    const expose = ['--expose', `${exposed.tcp}/tcp`, '--expose', `${exposed.udp}/udp`];
    await succeed(
      engine.argv('docker', ['run', '-d', '--name', name, ...expose, ...flags, 'busybox', 'sleep', '3600']),
    );
    return Served.of(engine, name);
  }

  static async of(engine: TestEngine, name: string): Promise<Served> {
    const place = await Place.container(engine, name);
    for (const protocol of protocols)
      for (const ports of [exposed, hidden]) await place.serve(protocol, ports[protocol]);
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}';
    const [v4 = '', v6 = ''] = (await engine.ok('docker', 'inspect', '-f', format, name)).split(' ');
    return new Served(name, engine, place, { 4: v4, 6: v6 });
  }

  /** What becomes of calls to another's ports, as `tcp udp`. */
  async calls(to: Served | string, ports: typeof exposed, expected: string): Promise<string> {
    const host = typeof to === 'string' ? to : to.address[4];
    const said = protocols.map((protocol) => this.place.call(protocol, host, ports[protocol], expected));
    return [...new Set(await Promise.all(said))].join(' ');
  }

  async stop(): Promise<void> {
    await this.place[Symbol.asyncDispose]();
    await this.engine.ok('docker', 'stop', '-t', '0', this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
    await this.engine.ok('docker', 'rm', '-f', this.name);
  }
}

once(
  'containers of the default bridge do not reach each other, but the host reaches them',
  async (engine) => {
    await using one = await Served.start(engine, 'one', '-p', '8080:5000');
    await using two = await Served.start(engine, 'two');
    await using host = Place.at(engine.network);
    expect(await two.calls(one, exposed, 'silence')).toBe('silence');
    expect(await one.calls(two, hidden, 'silence')).toBe('silence');
    expect(await one.place.callers()).toEqual([]);
    expect(await host.call('tcp', one.address[4], hidden.tcp)).toBe('10.213.0.1');
    // What is published is for all.
    expect(await two.place.call('tcp', engine.network.addresses.inside, 8080)).toBe('10.213.0.1');
  },
);

once('a link opens the exposed ports, one way', async (engine) => {
  await using db = await Served.start(engine, 'db');
  await using app = await Served.start(engine, 'app', '--link', 'db');
  await using other = await Served.start(engine, 'other');
  expect(await app.calls(db, exposed, 'answered')).toBe(app.address[4]);
  expect(await app.calls(db, hidden, 'silence')).toBe('silence');
  expect(await db.calls(app, exposed, 'silence')).toBe('silence');
  expect(await other.calls(db, exposed, 'silence')).toBe('silence');
});

once(
  'a link follows the other container, and its former address leads to nobody else',
  async (engine) => {
    const db = await Served.start(engine, 'db');
    await using app = await Served.start(engine, 'app', '--link', 'db');
    expect(await app.calls(db, exposed, 'answered')).toBe(app.address[4]);
    await db.stop();
    await using heir = await heirOf(engine, db.address[4]);
    expect(await app.calls(heir, exposed, 'silence')).toBe('silence');
    await engine.ok('docker', 'start', 'db');
    await using back = await Served.of(engine, 'db');
    expect(back.address[4]).not.toBe(db.address[4]);
    expect(await app.calls(back, exposed, 'answered')).toBe(app.address[4]);
  },
  'Docker leaves the rules of a link as they are until the container that has it ends',
);

/** Starts containers until one has the address: they are handed out in turn. */
async function heirOf(engine: TestEngine, address: string): Promise<Served> {
  for (let attempt = 0; attempt < 8; attempt++) {
    const heir = await Served.start(engine, 'heir');
    if (heir.address[4] === address) return heir;
    await heir[Symbol.asyncDispose]();
  }
  throw new Error(`nobody got the address ${address}`);
}

once('a network of the user’s own', async (engine) => {
  const subnets = ['--ipv6', '--subnet', '10.214.0.0/24', '--subnet', 'fd00:214::/64'];
  const closed = ['-o', 'com.docker.network.bridge.enable_icc=false'];
  await engine.ok('docker', 'network', 'create', ...subnets, ...closed, 'closed');
  {
    await using one = await Served.start(engine, 'one', '--network', 'closed');
    await using two = await Served.start(engine, 'two', '--network', 'closed');
    await using host = Place.at(engine.network);
    for (const address of [one.address[4], one.address[6]]) {
      expect(await two.calls(address, exposed, 'silence')).toBe('silence');
      expect(await host.call('tcp', address, exposed.tcp)).toMatch(/^(10.214.0.1|fd00:214::1)$/);
    }
  }
  await engine.ok('docker', 'network', 'rm', 'closed');
});
