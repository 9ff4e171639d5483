/** What engines make of image archives: their merged root file systems, listed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from '../rig/command.ts';
import { TestEngine } from '../rig/engine.ts';
import { openStore, operation } from './rig.ts';

const listing = join(import.meta.dir, 'listing.py');

export interface Peer extends AsyncDisposable {
  load(archive: string): Promise<void>;
  /** For each image a shell command that mounts its tree on "$at". */
  mounts(images: readonly string[]): Promise<string[]>;
}

/** The lines of listing.py for each of `images`. All are mounted at once, in a mount namespace that goes with its process. */
export async function listTrees(peer: Peer, images: readonly string[]): Promise<string[][]> {
  const mounts = await peer.mounts(images);
  const script = mounts.map((mount, n) => `at=/mnt/${n}; mkdir $at; (${mount})`);
  const places = mounts.map((_, n) => `/mnt/${n}`);
  const lines = ['mount -t tmpfs tmpfs /mnt', ...script, `exec python3 ${listing} ${places.join(' ')}`];
  const text = await succeed(['unshare', '-m', 'sh', '-ec', lines.join('\n')], { timeout: 300_000 });
  return text
    .trimEnd()
    .split('\n\n')
    .map((tree) => tree.split('\n'));
}

/** This engine's image store by itself. */
export async function openOurs(driver: string): Promise<Peer> {
  const t = await openStore(driver);
  const mountOf = (key: string) => {
    const mount = t.snapshotter.mounts(key);
    if (mount.kind === 'fuse') throw new Error('trees are compared on what the kernel mounts');
    return mount.kind === 'bind'
      ? `mount --bind ${mount.source} $at`
      : `cd ${mount.cwd}; mount -t overlay -o ${mount.data} overlay $at`;
  };
  return {
    load: (archive) => t.store.load(Bun.file(archive).stream(), { quiet: true, platform: '' }, operation()),
    mounts: async (images) => {
      const found = await Promise.all(images.map((image) => t.store.get(image)));
      return found.map(({ chainIds }) => mountOf(chainIds.at(-1) ?? ''));
    },
    [Symbol.asyncDispose]: async () => t[Symbol.dispose](),
  };
}

/** Podman's storage, with an overlay driver, in a directory of its own. */
export async function openPodman(): Promise<Peer> {
  const directory = mkdtempSync('/var/tmp/gantry-podman-');
  const roots = ['--root', join(directory, 'root'), '--runroot', join(directory, 'run')];
  const choices = ['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
  const podman = (...args: string[]) =>
    succeed(['podman', ...roots, ...choices, ...args], { timeout: 300_000 });
  return {
    load: async (archive) => {
      await podman('load', '-q', '-i', archive);
    },
    mounts: async (images) => {
      const mounted: { Repositories: string[]; mountpoint: string }[] = JSON.parse(
        await podman('image', 'mount', '--format', 'json', ...images),
      );
      const at = (image: string) =>
        mounted.find(({ Repositories }) => Repositories.some((name) => name.endsWith(`/${image}`)))
          ?.mountpoint;
      return images.map((image) => `mount --bind ${at(image)} $at`);
    },
    [Symbol.asyncDispose]: async () => {
      await podman('image', 'umount', '--all');
      const own = `awk '$2 ~ "^${directory}" { print $2 }' /proc/mounts | sort -r | xargs -r umount -l`;
      await succeed(['sh', '-c', own]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Docker's daemon. Its overlay directories are mounted by their short names: many long ones do not fit into mount(2)'s page. */
export async function openDockerd(): Promise<Peer> {
  const engine = await TestEngine.start({ kind: 'docker', flags: ['--storage-driver', 'overlay2'] });
  const mount = (top: string) =>
    `cd ${top}/..; link=l/$(cat link); lower=$(cat lower 2>/dev/null) || true; cd ..
     if [ -n "$lower" ]; then mount -t overlay -o lowerdir=$link:$lower overlay $at; else mount --bind $link $at; fi`;
  return {
    load: async (archive) => {
      await succeed(engine.argv('docker', ['load', '-q', '-i', archive]), { timeout: 300_000 });
    },
    mounts: async (images) => {
      const tops = await engine.ok(
        'docker',
        'image',
        'inspect',
        '-f',
        '{{.GraphDriver.Data.UpperDir}}',
        ...images,
      );
      return tops.split('\n').map(mount);
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
