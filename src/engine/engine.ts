/** Builds the nouns and wires them. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BuildService } from '../build/build-service.ts';
import type { Builds } from '../build/model.ts';
import { ContainerService } from '../containers/container-service.ts';
import { resolveLogConfig } from '../containers/log-config.ts';
import type { Containers } from '../containers/service.ts';
import { openContent } from '../content/content.ts';
import { ImageDistribution } from '../images/distribution/distribution.ts';
import type { Distribution } from '../images/distribution/model.ts';
import type { Images } from '../images/model.ts';
import { ImageStore } from '../images/store.ts';
import { openDatabase } from '../lib/database.ts';
import { invalid } from '../lib/errors.ts';
import type { Emit } from '../lib/events.ts';
import type { Log } from '../lib/op.ts';
import { nativePath, setNativePath } from '../linux/native.ts';
import type { Networks } from '../networks/model.ts';
import { NetworkService } from '../networks/networks.ts';
import { slicePool } from '../networks/pools.ts';
import { openRegistries } from '../registry/client/registries.ts';
import { detectCgroups } from '../runtime/cgroups/detect.ts';
import { createSnapshotter } from '../snapshots/create.ts';
import type { Volumes } from '../volumes/model.ts';
import { VolumeService } from '../volumes/volumes.ts';
import { LayerSizes } from './disk/layer-sizes.ts';
import { onDisk } from './disk/on-disk.ts';
import { EventLog } from './events.ts';
import { Fsck } from './fsck/fsck.ts';
import { ImageGc } from './gc/gc.ts';
import { noteLastUse } from './gc/last-use.ts';
import { lockDataRoot } from './lock.ts';
import type { EngineOptions, System } from './model.ts';
import { EngineSystem } from './system.ts';

export interface Engine {
  readonly builds: Builds;
  readonly containers: Containers;
  readonly images: Images;
  readonly distribution: Distribution;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly system: System;
  /** Lets go of everything; containers run on. */
  close(): Promise<void>;
}

/** Host paths of the C programs. */
export interface Programs {
  init: string;
  hello: string;
}

/** Those of the checkout, or of $GANTRY_INIT. */
const builtPrograms = (): Programs => ({
  init: nativePath(),
  hello: join(dirname(nativePath()), 'gantry-hello'),
});

/**
 * Opens the data root (refused while another daemon has it), takes over the containers that run, and undoes what a
 * predecessor left half done. When it resolves everything answers.
 */
export async function openEngine(
  options: EngineOptions,
  log: Log,
  programs: Programs = builtPrograms(),
): Promise<Engine> {
  setNativePath(programs.init);
  await using undo = new AsyncDisposableStack();
  const { dataRoot, execRoot } = options;
  checkExecRoot(execRoot);
  makeDirectories(dataRoot, execRoot);
  undo.use(lockDataRoot(dataRoot));
  const db = undo.adopt(openDatabase(join(dataRoot, 'gantry.db')), (database) => database.close());
  const events = new EventLog();
  const emit: Emit = (event) => {
    events.emit(event);
    noteLastUse(() => images.context.records, event);
  };

  resolveLogConfig({ type: '', config: options.logOptions }, {});
  const snapshotter = await createSnapshotter({
    db,
    directory: join(dataRoot, 'snapshots'),
    driver: options.storageDriver,
  });
  const content = openContent(join(dataRoot, 'content'));
  const registries = openRegistries(options.registries);
  const volumes = new VolumeService({
    db,
    directory: join(dataRoot, 'volumes'),
    pluginDirectories: options.pluginDirectories,
    registries,
    emit,
    log,
    moveMounts: (holders, from, to) => containers.moveVolume(holders, from, to),
  });
  await volumes.open();
  const networks = new NetworkService({
    db,
    identity: dataRoot,
    namesPath: join(execRoot, 'names.sock'),
    bridge: options.bridge,
    bip: options.bip,
    icc: options.icc,
    watch: true,
    pools: options.addressPools.flatMap(({ base, size }) => slicePool(base, size)),
    mtu: 0,
    emit,
    log,
  });
  await networks.open();
  undo.defer(() => networks.close());
  let gc: ImageGc | null = null;
  const images: ImageStore = new ImageStore({
    db,
    content,
    snapshotter,
    emit,
    log,
    inUse: (id) => containers.usersOf(id),
    thinLayers: options.thinLayers,
    settled: () => void gc?.check(),
  });
  undo.defer(() => images.close());
  const distribution = new ImageDistribution({
    images,
    registries,
    hello: programs.hello,
    maxDownloads: options.maxDownloads,
    maxUploads: options.maxUploads,
  });
  const cgroups = detectCgroups();
  const containers: ContainerService = new ContainerService({
    db,
    dataRoot,
    execRoot,
    images,
    networks,
    volumes,
    snapshotter,
    cgroups,
    emit,
    log,
    defaults: {
      logOptions: options.logOptions,
      dns: options.dns,
      initPath: programs.init,
      hasBridge: options.bridge !== null,
    },
  });
  undo.defer(() => containers.close());
  await containers.recover();
  const builds = new BuildService({
    db,
    containers,
    images,
    distribution,
    layering: images.layering,
    snapshotter,
    directory: join(dataRoot, 'build'),
    execDirectory: join(execRoot, 'build'),
    log,
  });
  await builds.open();
  undo.defer(() => builds.close());
  const nouns = { db, dataRoot, images: images.context, containers, volumes };
  const layers = new LayerSizes(db);
  gc = undo.use(new ImageGc({ ...nouns, layers, emit, log, policy: options.imageGc }));
  const system = new EngineSystem({
    options,
    containers,
    images,
    networks,
    volumes,
    snapshotter,
    cgroups,
    events,
    fsck: new Fsck(nouns),
    onDisk: () => onDisk({ ...nouns, layers }),
    gc,
    layerSize: (chainId) => images.context.records.layerSize(chainId),
  });
  const parts = undo.move();
  return {
    builds,
    containers,
    images,
    distribution,
    networks,
    volumes,
    system,
    close: () => parts.disposeAsync(),
  };
}

/** unix(7): a socket's path has 107 bytes at most. */
function checkExecRoot(execRoot: string): void {
  const longest = 107 - '/shim/.sock'.length - 32;
  if (Buffer.byteLength(execRoot) > longest)
    throw invalid(
      `the exec root ${execRoot} is too long: sockets in it can have ${longest} bytes before them`,
    );
}

/** Nobody but root may look into the data root (CVE-2021-41091). */
function makeDirectories(dataRoot: string, execRoot: string): void {
  for (const path of [dataRoot, join(dataRoot, 'containers')]) {
    mkdirSync(path, { recursive: true, mode: 0o710 });
    chmodSync(path, 0o710);
  }
  mkdirSync(execRoot, { recursive: true, mode: 0o711 });
  for (const path of [join(execRoot, 'shim'), join(execRoot, 'containers')])
    mkdirSync(path, { recursive: true, mode: 0o710 });
}
