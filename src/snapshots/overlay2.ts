import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unsupported } from '../lib/errors.ts';
import type { RootMount } from '../linux/mounts.ts';
import { backingFilesystem } from './backing.ts';
import type { Changes } from './diff.ts';
import { DirectoryDriver } from './driver.ts';
import { inheritImplied } from './implied.ts';
import type { SnapshotRecord } from './records.ts';
import type { WrittenLayer } from './snapshotter.ts';

/** Layers of one mount: OVL_MAX_STACK of fs/overlayfs. */
const maxLowers = 500;

/**
 * Options that fix what a distribution's kernel may have compiled in otherwise. Without index and metacopy an upper
 * directory stays an ordinary tree that may be mounted again, over another kernel, or read layer by layer; redirects are
 * never followed, because only a hostile image would bring one.
 */
const fixedOptions = [
  ['index', 'index=off'],
  ['metacopy', 'metacopy=off'],
  ['redirect_dir', 'redirect_dir=nofollow'],
] as const;

/**
 * overlayfs over plain directories: layer n is `<directory>/n`, a container is `<directory>/n/upper` and `n/work`. Lower
 * directories are named relative to `<directory>` (RootMount.cwd), so several hundred fit into mount(2)'s page of options.
 */
export class Overlay2Driver extends DirectoryDriver {
  readonly driver: string = 'overlay2';
  readonly whiteouts = 'overlay';
  readonly #options = overlayOptions();

  status(): [string, string][] {
    return [
      ['Backing Filesystem', backingFilesystem(this.directory)],
      ['Supports d_type', 'true'],
      ['Using metacopy', 'false'],
      ['Native Overlay Diff', 'true'],
      ['userxattr', 'false'],
    ];
  }

  protected override async makeWritable(directory: string, parent: SnapshotRecord | null): Promise<void> {
    if (parent !== null && this.chain(parent).length > maxLowers)
      throw unsupported(`max depth exceeded: an image may have ${maxLowers} layers`);
    mkdirSync(directory, { mode: 0o710 });
    const upper = join(directory, 'upper');
    mkdirSync(upper, { mode: 0o755 });
    mkdirSync(join(directory, 'work'), { mode: 0o700 });
    // The root of the merged tree is the upper directory.
    if (parent !== null) copyOwnership(this.#layer(parent), upper);
  }

  protected override async makeLayer(
    directory: string,
    parent: string | null,
    parentReady: Promise<void>,
    write: (directory: string) => Promise<WrittenLayer>,
  ): Promise<void> {
    mkdirSync(directory, { mode: 0o755 });
    const { implied } = await write(directory);
    await parentReady;
    if (parent === null || implied.length === 0) return;
    const lowers = this.chain(this.record(parent)).map((record) => this.#layer(record));
    inheritImplied(directory, lowers, implied);
  }

  protected override ownFiles(record: SnapshotRecord): string {
    return record.state === 'writable' ? join(this.#layer(record), 'upper') : this.#layer(record);
  }

  protected override changes(record: SnapshotRecord): Changes {
    const [, ...below] = this.chain(record);
    return { in: 'upper', directory: this.ownFiles(record), lowers: below.map((each) => this.#layer(each)) };
  }

  #layer(record: SnapshotRecord): string {
    return this.path(record.number);
  }

  mounts(key: string): RootMount {
    const record = this.record(key);
    const [top, ...below] = this.chain(record);
    if (top === undefined) throw unsupported(`snapshot ${key} has no layers`);
    if (record.state === 'writable') {
      if (below.length === 0) return { kind: 'bind', source: this.ownFiles(record) };
      const upper = `upperdir=${top.number}/upper,workdir=${top.number}/work`;
      return this.overlay(`lowerdir=${numbers(below)},${upper}`);
    }
    // One lower directory alone is refused by the kernel unless there is an upper one.
    if (below.length === 0) return { kind: 'bind', source: this.#layer(record) };
    return this.overlay(`lowerdir=${numbers([top, ...below])}`);
  }

  /** Mounts what the options `layers` (lowerdir=… and perhaps upperdir=…,workdir=…) say, relative to `<directory>`. */
  protected overlay(layers: string): RootMount {
    const data = [layers, ...this.#options].join(',');
    return { kind: 'mount', source: 'overlay', fstype: 'overlay', flags: 0, data, cwd: this.directory };
  }

  describe(key: string): Record<string, string> {
    const record = this.record(key);
    const [top, ...below] = this.chain(record);
    if (top === undefined) return {};
    const lower = below.map((each) => this.#layer(each)).join(':');
    const own = this.#layer(top);
    const described: Record<string, string> = lower === '' ? {} : { LowerDir: lower };
    described.MergedDir = join(own, 'merged');
    described.UpperDir = this.ownFiles(record);
    described.WorkDir = join(own, 'work');
    return described;
  }
}

function numbers(records: readonly SnapshotRecord[]): string {
  return records.map((record) => record.number).join(':');
}

function copyOwnership(from: string, to: string): void {
  const { uid, gid, mode } = statSync(from);
  if (uid !== 0 || gid !== 0) chownSync(to, uid, gid);
  // mkdir is subject to the umask, so the mode is always set.
  chmodSync(to, mode & 0o7777);
}

/** Those of the fixed options that this kernel knows. */
export function overlayOptions(parameters = '/sys/module/overlay/parameters'): string[] {
  return fixedOptions
    .filter(([parameter]) => existsSync(join(parameters, parameter)))
    .map(([, option]) => option);
}
