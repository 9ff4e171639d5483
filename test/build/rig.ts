/** Builds by the engine itself, without API and command line. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildEvent, BuildRequest, BuildResult } from '../../src/build/model.ts';
import type { Image } from '../../src/images/model.ts';
import type { Operational } from '../../src/lib/op.ts';
import type { EngineRig } from '../engine/rig.ts';
import { succeed } from '../rig/command.ts';

export const quietOperation = (): Operational => ({
  signal: new AbortController().signal,
  progress: () => {},
  log: () => {},
});

const limits: BuildRequest['limits'] = {
  cgroupParent: '',
  cpuPeriod: 0,
  cpuQuota: 0,
  cpuShares: 0,
  cpusetCpus: '',
  cpusetMems: '',
  extraHosts: [],
  memory: 0,
  memorySwap: 0,
  securityOpt: [],
  shmSize: 0,
  ulimits: [],
};

/** Contents by path; a path that ends in a slash is an empty directory. */
export type Files = Record<string, string>;

/** A tar of these files. */
async function contextOf(files: Files): Promise<AsyncIterable<Uint8Array>> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-context-'));
  try {
    for (const [path, content] of Object.entries(files))
      if (path.endsWith('/')) await succeed(['mkdir', '-p', join(directory, path)]);
      else await Bun.write(join(directory, path), content);
    const child = Bun.spawnSync(['tar', '-C', directory, '-cf', '-', '.']);
    return new Blob([child.stdout]).stream();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export interface Built {
  result: BuildResult;
  image: Image;
  events: BuildEvent[];
}

export async function build(
  { engine }: EngineRig,
  dockerfile: string,
  files: Files = {},
  changes: Partial<BuildRequest> = {},
  op = quietOperation(),
): Promise<Built> {
  const events: BuildEvent[] = [];
  const request: BuildRequest = {
    context: { kind: 'tar', archive: await contextOf({ Dockerfile: dockerfile, ...files }) },
    dockerfile: { path: 'Dockerfile' },
    contexts: new Map(),
    target: '',
    tags: [],
    args: new Map(),
    labels: {},
    platform: '',
    pull: false,
    noCache: false,
    network: 'none',
    limits,
    secrets: new Map(),
    agents: { session: '', ids: new Set() },
    cacheFrom: [],
    inlineCache: false,
    cacheTo: null,
    squash: false,
    allow: new Set(),
    epoch: null,
    credentials: () => ({ kind: 'anonymous' }),
    ...changes,
  };
  const result = await engine.builds.build(request, (event) => events.push(event), op);
  return { result, image: await engine.images.get(result.id), events };
}

/** What the steps printed. */
export const outputOf = ({ events }: Pick<Built, 'events'>): string =>
  events.map((event) => (event.kind === 'output' ? Buffer.from(event.bytes).toString() : '')).join('');

/** Titles of the steps with how they ended: "RUN make: done". */
export function outcomes({ events }: Pick<Built, 'events'>): string[] {
  const titles = new Map<number, string>();
  return events.flatMap((event) => {
    if (event.kind === 'step') titles.set(event.id, event.step.place?.instruction ?? event.step.title);
    return event.kind === 'end' ? [`${titles.get(event.id)}: ${event.outcome.kind}`] : [];
  });
}

/** Paths of the image's files in order, those beneath `below` alone. */
export async function listing(
  rig: EngineRig,
  { image }: Pick<Built, 'image'>,
  below = '/',
): Promise<string[]> {
  const { containers } = rig;
  const { id } = await containers.create({
    ...rig.request(['true']),
    base: { imageId: image.id, chainId: image.chainIds.at(-1) ?? null, platform: image.config, mounts: [] },
  });
  try {
    const archive = await containers.export(id);
    const child = Bun.spawn(['tar', '-tf', '-'], {
      stdin: new Response(archive as never).body,
      stdout: 'pipe',
    });
    const names = (await child.stdout.text())
      .split('\n')
      .map((name) => `/${name.replace(/^\.?\//, '').replace(/\/$/, '')}`);
    return [...new Set(names)]
      .filter(
        (name) => name !== '/' && (name === below || name.startsWith(below === '/' ? '/' : `${below}/`)),
      )
      .filter(
        (name) =>
          !/^\/(dev|proc|sys|etc(\/(hosts|hostname|resolv\.conf|mtab))?|\.dockerenv)(\/|$)/.test(name) ||
          below !== '/',
      )
      .sort();
  } finally {
    await containers.remove(id, { force: true, volumes: true, link: false });
  }
}
