/** The other nouns in memory, and a server over all of them on a socket of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiServer } from '../../src/api/server.ts';
import type { System } from '../../src/engine/model.ts';
import type { Image, Images } from '../../src/images/model.ts';
import { invalid, notFound } from '../../src/lib/errors.ts';
import type { EngineEvent } from '../../src/lib/events.ts';
import { parseDigest } from '../../src/lib/ids.ts';
import type { Volume, Volumes } from '../../src/volumes/model.ts';
import { FakeBuilds } from './fake-builds.ts';
import { FakeContainers } from './fake-containers.ts';
import { FakeDistribution } from './fake-distribution.ts';
import { FakeNetworks } from './fake-networks.ts';

export const imageId = parseDigest(`sha256:${'ab'.repeat(32)}`);

export const busybox: Image = {
  id: imageId,
  target: imageId,
  config: {
    created: '2024-05-18T01:02:03.5Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'], Labels: { a: 'b' } },
    rootfs: { type: 'layers', diff_ids: [`sha256:${'cd'.repeat(32)}`] },
  },
  chainIds: [`sha256:${'cd'.repeat(32)}`],
  tags: ['busybox:latest'],
  repoDigests: [],
  created: Date.parse('2024-05-18T01:02:03.5Z'),
  size: 4_260_000,
  contentSize: 2_150_000,
  parentId: null,
  pinned: false,
};

export class FakeImages implements Images {
  /** Bytes that load and import were given. */
  received = 0;
  imported: Parameters<Images['import']>[1] | null = null;
  async get(ref: string): Promise<Image> {
    const known = ['busybox', 'busybox:latest', imageId, imageId.slice(7), imageId.slice(7, 19)];
    if (!known.includes(ref)) throw notFound(`No such image: ${ref}`);
    return busybox;
  }
  async list(): Promise<Image[]> {
    return [busybox];
  }
  async history() {
    const created = busybox.created;
    return [
      { id: imageId, created, createdBy: 'CMD ["sh"]', size: 0, comment: '', tags: ['busybox:latest'] },
    ];
  }
  async pin(): Promise<void> {}
  async tag(ref: string): Promise<void> {
    await this.get(ref);
  }
  async remove(ref: string) {
    const { id } = await this.get(ref);
    return { untagged: ['busybox:latest'], deleted: [id as string] };
  }
  async prune() {
    return { untagged: [], deleted: [], space: 0 };
  }
  async load(...[archive, , op]: Parameters<Images['load']>): Promise<void> {
    await this.#take(archive);
    op.progress({ kind: 'text', text: 'Loaded image: busybox:latest\n' });
  }
  async save(refs: string[]): Promise<ReadableStream<Uint8Array>> {
    for (const ref of refs) await this.get(ref);
    return new Blob(['a tar']).stream();
  }
  async import(...[archive, options]: Parameters<Images['import']>) {
    if (options.name.startsWith('refused')) throw invalid('refused: this name is taken');
    this.imported = options;
    await this.#take(archive);
    return imageId;
  }
  async commit(...[{ layer }]: Parameters<Images['commit']>) {
    await this.#take(layer);
    return { id: imageId, name: '' };
  }
  async #take(archive: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of archive) this.received += chunk.length;
  }
}

class FakeVolumes
  implements Pick<Volumes, 'create' | 'get' | 'list' | 'survey' | 'remove' | 'prune' | 'holders'>
{
  readonly #all = new Map<string, Volume>();
  async create({ name, driver, options, labels }: Parameters<Volumes['create']>[0]): Promise<Volume> {
    const made = {
      driver: driver || 'local',
      options,
      labels,
      scope: 'local',
      anonymous: name === '',
    } as const;
    const volume: Volume = {
      ...made,
      name: (name || 'f'.repeat(64)) as Volume['name'],
      mountpoint: `/v/${name}/_data`,
      created: Date.now(),
    };
    this.#all.set(volume.name, volume);
    return volume;
  }
  async get(name: string): Promise<Volume> {
    const volume = this.#all.get(name);
    if (!volume) throw notFound(`get ${name}: no such volume`);
    return volume;
  }
  async list(): Promise<Volume[]> {
    return [...this.#all.values()];
  }
  async survey() {
    return { volumes: await this.list(), warnings: [] };
  }
  async remove(name: string): Promise<void> {
    await this.get(name);
    this.#all.delete(name);
  }
  async prune() {
    return { removed: [], space: 0 };
  }
  holders() {
    return [];
  }
}

const event: EngineEvent = {
  type: 'container',
  action: 'start',
  id: 'ee'.repeat(32),
  attributes: { image: 'busybox', name: 'x' },
  timeNano: 1_700_000_000_123_456_789n,
};

const system: System = {
  async info() {
    return {
      id: 'fake',
      containers: { running: 1, paused: 0, stopped: 2 },
      images: 1,
      driver: 'overlay2',
      driverStatus: [['Backing Filesystem', 'extfs']],
      cgroupVersion: 1,
      cgroupControllers: ['memory', 'cpu', 'cpuset', 'pids'],
      kernelVersion: '6.18.0',
      operatingSystem: 'Debian GNU/Linux 12',
      osVersion: '12',
      architecture: 'x86_64',
      cpus: 2,
      memory: 2 ** 32,
      name: 'host',
      dataRoot: '/',
      labels: [],
      securityOptions: ['name=seccomp,profile=builtin'],
      warnings: ['WARNING: a fake'],
      volumeDrivers: ['local'],
      bridgeIp: '172.17.0.1',
      initVersion: '0.1.0',
      registries: { insecure: ['reg.example:5000', '10.0.0.0/8'], mirrors: ['https://mirror.example'] },
    };
  },
  async diskUsage() {
    return {
      layersSize: busybox.size,
      images: [{ image: busybox, containers: 0, sharedSize: 0 }],
      containers: [],
      volumes: [],
    };
  },
  async onDisk() {
    const nothing = { count: 0, bytes: 0 };
    return {
      content: { ...nothing, size: 0, thin: 0, saved: 0 },
      layers: nothing,
      containers: nothing,
      logs: nothing,
      volumes: nothing,
      buildCache: nothing,
      records: nothing,
      orphans: nothing,
      total: 0,
    };
  },
  async gc() {
    return { used: 0, high: 0, removed: [], reclaimed: 0 };
  },
  async fsck() {
    return [];
  },
  async *events({ until }, signal) {
    yield event;
    if (until === null) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  },
};

export interface Fixture extends AsyncDisposable {
  socket: string;
  containers: FakeContainers;
  images: FakeImages;
  distribution: FakeDistribution;
  networks: FakeNetworks;
  builds: FakeBuilds;
}

export async function startServer(): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-api-'));
  const networks = new FakeNetworks();
  const containers = new FakeContainers(networks);
  const images = new FakeImages();
  const distribution = new FakeDistribution();
  const builds = new FakeBuilds();
  const backends = {
    ...{ containers, images, distribution, networks, builds, system },
    volumes: new FakeVolumes(),
  };
  // The server uses no more of networks and volumes than the fakes have; their types have more.
  const server = createApiServer(backends as unknown as Parameters<typeof createApiServer>[0], {
    log: () => {},
  });
  const socket = join(directory, 'api.sock');
  await server.listenUnix(socket, { mode: 0o600, group: '' });
  return {
    socket,
    containers,
    images,
    distribution,
    networks,
    builds,
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
