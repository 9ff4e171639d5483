/** POST /containers/create: from a request to a record, in one transaction; whatever was made before a failure is undone. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { invalid, isKind, messageOf, notFound } from '../lib/errors.ts';
import { type ContainerId, type Digest, newContainerId } from '../lib/ids.ts';
import type { ImageRunConfig, Platform } from '../oci/image.ts';
import { formatPlatform, parsePlatform, platformScore } from '../oci/platform.ts';
import { type Context, emitContainer } from './context.ts';
import { planEndpoints } from './endpoints.ts';
import { resolveBlockDevices } from './facts.ts';
import { validateLinks } from './links.ts';
import { resolveLogConfig } from './log-config.ts';
import { makeMounts } from './make-mounts.ts';
import { commandLine, mergeImageConfig } from './merge.ts';
import type { Container, ContainerConfig, CreateRequest, HostConfig, StepBase } from './model.ts';
import { type PlannedMount, planMounts } from './mounts.ts';
import { randomName } from './names.ts';
import { specResources } from './spec-resources.ts';
import { validateCreate } from './validate.ts';
import { joinedContainer } from './validate-modes.ts';

/** Everything of a container that can be known without making anything. */
export async function planContainerRecord(
  context: Context,
  request: CreateRequest,
): Promise<{ record: Container; mounts: PlannedMount[]; parent: string | null }> {
  validateCreate(request);
  if (request.config.image === '') throw invalid('no image specified');
  const image = request.base ? ofStep(request.base) : await imageOf(context, request);
  validateLinks(context, request.hostConfig);
  const id = newContainerId();
  const hostConfig = resolveHostConfig(context, request.hostConfig);
  const config = resolveConfig(id, mergeImageConfig(request.config, image.config), hostConfig);
  const paths = context.paths.of(id);
  const record: Container = {
    id,
    name: request.name || freeName(context),
    created: Date.now(),
    imageId: image.id,
    ...(request.base && { isBuildStep: true as const }),
    ...commandLine(config),
    config,
    hostConfig,
    mounts: [],
    state: { status: 'created' },
    restartCount: 0,
    stoppedByUser: false,
    health: null,
    endpoints: await planEndpoints(context, { ...request, config, hostConfig }),
    ports: [],
    driver: context.snapshotter.driver,
    platform: image.os,
    files: {
      hostname: paths.hostname,
      hosts: paths.hosts,
      resolvConf: paths.resolvConf,
      log: hostConfig.logConfig.type === 'none' ? '' : paths.log,
    },
    execIds: [],
    warnings: [
      ...context.cgroups.warnings(specResources(hostConfig, resolveBlockDevices(hostConfig))),
      ...networkWarnings(hostConfig),
    ],
  };
  const mounts = planMounts({
    config,
    host: hostConfig,
    readOnlyNonRecursive: request.readOnlyNonRecursive,
    mountsOf: (ref) => otherContainer(context, ref).mounts,
    dataRoot: context.paths.dataRoot,
  });
  return { record, mounts, parent: image.chainId };
}

/** What a container stands on. */
interface Base {
  id: Digest;
  chainId: string | null;
  os: string;
  /** Its defaults. */
  config: ImageRunConfig;
}

const ofStep = ({ imageId, chainId, platform }: StepBase): Base => ({
  id: imageId,
  chainId,
  os: platform.os,
  config: {},
});

async function imageOf(context: Context, request: CreateRequest): Promise<Base> {
  const { id, config, chainIds } = await context.images.get(request.config.image);
  assertPlatform(request, config);
  return { id, chainId: chainIds.at(-1) ?? null, os: config.os, config: config.config ?? {} };
}

const networkWarnings = ({ networkMode, portBindings }: HostConfig): string[] =>
  networkMode === 'host' && Object.keys(portBindings).length > 0
    ? ['Published ports are discarded when using host network mode']
    : [];

/** --platform names what the image must be. Docker's text, and its status: the docker CLI then tries to pull. */
function assertPlatform({ platform, config: { image } }: CreateRequest, actual: Platform): void {
  if (platform === '' || platformScore(parsePlatform(platform), actual) > 0) return;
  throw notFound(
    `image with reference ${image} was found but its platform (${formatPlatform(actual)}) does not match the specified platform (${platform})`,
  );
}

/** A container that the request names. Not "not found": to a client of create that would be the image. */
function otherContainer(context: Context, ref: string): Container {
  try {
    return context.store.find(ref);
  } catch (error) {
    throw isKind(error, 'notFound') ? invalid(messageOf(error)) : error;
  }
}

const freeName = (context: Context) => randomName((name) => context.store.isNameTaken(name));

/** `container:<name>` becomes `container:<id>`, so that a rename does not matter. Throws when there is no such container. */
function resolveHostConfig(context: Context, given: HostConfig): HostConfig {
  const resolve = (mode: string) => {
    const ref = joinedContainer(mode);
    return ref === null ? mode : `container:${otherContainer(context, ref).id}`;
  };
  return {
    ...given,
    networkMode: resolve(given.networkMode || 'default'),
    ipcMode: resolve(given.ipcMode || 'private'),
    pidMode: resolve(given.pidMode),
    shmSize: given.shmSize || 64 * 1024 * 1024,
    memorySwap: given.memory > 0 && given.memorySwap === 0 ? given.memory * 2 : given.memorySwap,
    logConfig: resolveLogConfig(given.logConfig, context.defaults.logOptions),
  };
}

function resolveConfig(id: ContainerId, merged: ContainerConfig, host: HostConfig): ContainerConfig {
  if (merged.hostname !== '' || joinedContainer(host.networkMode) !== null) return merged;
  if (host.networkMode !== 'host' && host.utsMode !== 'host') return { ...merged, hostname: id.slice(0, 12) };
  const [name = '', ...domain] = hostname().split('.');
  return { ...merged, hostname: name, domainname: merged.domainname || domain.join('.') };
}

export async function create(
  context: Context,
  request: CreateRequest,
): Promise<{ id: ContainerId; warnings: string[] }> {
  const planned = await planContainerRecord(context, request);
  const { record } = planned;
  if (request.name !== '') context.store.assertNameFree(request.name);
  context.creating.add(record.id);
  using _ = { [Symbol.dispose]: () => context.creating.delete(record.id) };
  await using undo = new AsyncDisposableStack();
  undo.adopt(context.paths.of(record.id).directory, (path) => rmSync(path, { recursive: true, force: true }));
  writeFiles(context, record);
  undo.defer(() => context.snapshotter.remove(record.id));
  await context.snapshotter.prepare(record.id, planned.parent);
  const mounts = await makeMounts(context, record.id, planned.mounts, undo);
  const made: Container = {
    ...record,
    mounts: [...mounts, ...(request.base?.mounts ?? [])],
    name: request.name || freeName(context),
  };
  context.store.insert(made);
  undo.move();
  emitContainer(context, made, 'create');
  return { id: made.id, warnings: made.warnings };
}

function writeFiles(context: Context, record: Container): void {
  mkdirSync(context.paths.of(record.id).directory, { mode: 0o710 });
  writeFileSync(record.files.hostname, `${record.config.hostname}\n`, { mode: 0o644 });
}
