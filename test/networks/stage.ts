/** Who plays in the matrix of reachability: networks of every kind, a container on each, the host, and a machine outside. */
import { succeed } from '../rig/command.ts';
import type { TestEngine } from '../rig/engine.ts';
import { Neighbour } from '../rig/neighbour.ts';
import { Place } from './place.ts';

export type Family = 4 | 6;
export const families: readonly Family[] = [4, 6];

/** Dual-stack; the bridge has the first address, `server` the ninth of `shop`. */
const networks = { shop: [], bank: [], vault: ['--internal'] } as const;
type NetworkName = keyof typeof networks;

const number = { shop: 1, bank: 2, vault: 3 } as const;
const prefixes = (name: NetworkName) => ({ 4: `10.211.${number[name]}.`, 6: `fd00:211:${number[name]}::` });
export const subnets = (name: NetworkName): Record<Family, string> => ({
  4: `${prefixes(name)[4]}0/24`,
  6: `${prefixes(name)[6]}/64`,
});
export const gateways = (name: NetworkName): Record<Family, string> => ({
  4: `${prefixes(name)[4]}1`,
  6: `${prefixes(name)[6]}1`,
});

/** The container that all call, and what it publishes: TCP 80 and UDP 5300 inside. */
export const server: Record<Family, string> = { 4: '10.211.1.9', 6: 'fd00:211:1::9' };
export const ports = {
  /** On every address of the host. */
  published: 8080,
  /** On 127.0.0.1 only. */
  local: 8081,
  /** Inside, and not published. */
  hidden: 7000,
  tcp: 80,
  udp: 5300,
} as const;

/** Containers, and the network that each is on. */
const cast = { server: 'shop', colleague: 'shop', stranger: 'bank', recluse: 'vault' } as const;
export type Caller = 'host' | 'outside' | Exclude<keyof typeof cast, 'server'>;

export class Stage implements AsyncDisposable {
  private constructor(
    readonly engine: TestEngine,
    readonly neighbour: Neighbour,
    readonly places: Readonly<Record<Caller | 'server', Place>>,
    private readonly undo: AsyncDisposableStack,
  ) {}

  static async build(engine: TestEngine): Promise<Stage> {
    await using undo = new AsyncDisposableStack();
    const neighbour = undo.use(await Neighbour.of(engine.network));
    for (const name of Object.keys(networks) as NetworkName[]) {
      await createNetwork(engine, name);
      undo.defer(async () => void (await engine.ok('docker', 'network', 'rm', name)));
    }
    for (const name of Object.keys(cast) as (keyof typeof cast)[]) {
      await startContainer(engine, name);
      undo.defer(async () => void (await engine.ok('docker', 'rm', '-f', name)));
    }
    const at = async (name: keyof typeof cast) => undo.use(await Place.container(engine, name));
    const places = {
      host: undo.use(Place.at(engine.network)),
      outside: undo.use(Place.at(neighbour)),
      server: await at('server'),
      colleague: await at('colleague'),
      stranger: await at('stranger'),
      recluse: await at('recluse'),
    };
    await serve(places.server);
    await neighbour.routeByHost(subnets('shop')[4]);
    await neighbour.routeByHost(subnets('shop')[6]);
    return new Stage(engine, neighbour, places, undo.move());
  }

  /** An address, as the rows of the matrix call it. */
  nameOf(address: string, caller: Caller): string {
    const own = caller === 'host' ? this.neighbour.hostAddresses : this.neighbour.addresses;
    const names = new Map<string, string>();
    for (const family of families) {
      names.set(gateways('shop')[family], 'gateway');
      names.set(own[family], 'caller');
      for (const name of ['colleague', 'stranger', 'recluse'] as const)
        names.set(addressOf(name)[family], name === caller ? 'caller' : name);
    }
    return names.get(address) ?? address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undo.disposeAsync();
  }
}

async function createNetwork(engine: TestEngine, name: NetworkName): Promise<void> {
  const { 4: v4, 6: v6 } = subnets(name);
  await engine.ok(
    'docker',
    'network',
    'create',
    '--ipv6',
    '--subnet',
    v4,
    '--subnet',
    v6,
    ...networks[name],
    name,
  );
}

function addressOf(name: keyof typeof cast): Record<Family, string> {
  if (name === 'server') return server;
  return { 4: `${prefixes(cast[name])[4]}8`, 6: `${prefixes(cast[name])[6]}8` };
}

async function startContainer(engine: TestEngine, name: keyof typeof cast): Promise<void> {
  const published = ['tcp', 'udp'].flatMap((protocol) => {
    const inside = `${protocol === 'tcp' ? ports.tcp : ports.udp}/${protocol}`;
    return ['-p', `${ports.published}:${inside}`, '-p', `127.0.0.1:${ports.local}:${inside}`];
  });
  const { 4: v4, 6: v6 } = addressOf(name);
  const flags = ['--network', cast[name], '--ip', v4, '--ip6', v6, ...(name === 'server' ? published : [])];
  await succeed(engine.argv('docker', ['run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '3600']));
}

async function serve(place: Place): Promise<void> {
  await place.serve('tcp', ports.tcp);
  await place.serve('udp', ports.udp);
  await place.serve('tcp', ports.hidden);
  await place.serve('udp', ports.hidden);
}
