/**
 * Where contexts stay between builds: a directory `<hash of the name>-<random>` for each, with
 *
 *   files/         the context itself
 *   manifest.json  what is in it; missing while it is being changed, so that nobody believes what a dead daemon left half done
 *   summary.json   of the manifest, with which it comes and goes
 *   digests.json   of its files
 *   listings.json  what was listed of it; goes with the manifest
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../lib/op.ts';
import { KnownFiles, type StoredEntry } from '../files/known-files.ts';
import type { OfferedContext } from '../model.ts';

export type Manifest = OfferedContext;

/** What is known without reading the list. */
export interface Summary {
  name: string;
  digest: string | null;
  /** How many entries there are. */
  size: number;
}

/** On the disk with the boot of the host that it is of: what had not reached the disk when the host went down is missing. */
type Stored<T> = T & { boot: string };

export class KeptDirectories {
  readonly #root: string;
  readonly #log: Log;
  readonly #boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

  constructor(root: string, log: Log) {
    this.#root = root;
    this.#log = log;
    mkdirSync(root, { recursive: true, mode: 0o710 });
  }

  all = (): string[] => readdirSync(this.#root);

  named = (name: string): string[] => this.all().filter((id) => id.startsWith(`${hashOf(name)}-`));

  files = (id: string): string => join(this.#root, id, 'files');

  /** Without a manifest. */
  make(name: string): string {
    const id = `${hashOf(name)}-${randomBytes(8).toString('hex')}`;
    mkdirSync(join(this.#root, id), { mode: 0o700 });
    mkdirSync(this.files(id), { mode: 0o755 });
    return id;
  }

  manifest = (id: string): Manifest | null => this.#ofThisBoot<Manifest>(id, 'manifest.json');

  summary = (id: string): Summary | null => this.#ofThisBoot<Summary>(id, 'summary.json');

  writeManifest(id: string, manifest: Manifest): void {
    const boot = this.#boot;
    const { name, digest, entries } = manifest;
    this.#write(id, 'manifest.json', { boot, ...manifest } satisfies Stored<Manifest>);
    this.#write(id, 'summary.json', { boot, name, digest, size: entries.length } satisfies Stored<Summary>);
  }

  #ofThisBoot<T>(id: string, file: string): T | null {
    const stored = this.#read<Stored<T>>(id, file);
    return stored?.boot === this.#boot ? stored : null;
  }

  /** Before anything of it is changed. */
  forgetManifest(id: string): void {
    for (const file of ['listings.json', 'summary.json', 'manifest.json'])
      rmSync(join(this.#root, id, file), { force: true });
  }

  /** `size`: how many entries it has. */
  known(id: string, size: number): KnownFiles {
    return new KnownFiles({
      size,
      digests: () => this.#read<[string, string][]>(id, 'digests.json') ?? [],
      saveDigests: (digests) => this.#write(id, 'digests.json', digests),
      listings: () => this.#read<[string, StoredEntry[]][]>(id, 'listings.json') ?? [],
      saveListings: (listings) => this.#write(id, 'listings.json', listings),
    });
  }

  /** Milliseconds since the epoch; 0 = what is there is of no use. */
  used = (id: string): number =>
    Math.round(statSync(this.#manifestPath(id), { throwIfNoEntry: false })?.mtimeMs ?? 0);

  created = (id: string): number => Math.round(statSync(this.files(id)).birthtimeMs);

  touch(id: string): void {
    utimesSync(this.#manifestPath(id), new Date(), new Date());
  }

  /** It is of no use at once. */
  async remove(id: string): Promise<void> {
    try {
      this.forgetManifest(id);
      await rm(join(this.#root, id), { recursive: true, force: true });
    } catch (error) {
      this.#log('warn', 'a build context was not removed', { id, error: String(error) });
    }
  }

  #manifestPath = (id: string): string => join(this.#root, id, 'manifest.json');

  #write(id: string, file: string, value: unknown): void {
    const path = join(this.#root, id, file);
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  #read<T>(id: string, file: string): T | null {
    try {
      return JSON.parse(readFileSync(join(this.#root, id, file), 'utf8')) as T;
    } catch {
      // Not there, or of another time: then it is not known.
      return null;
    }
  }
}

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);
