/** A plugin as a volume driver: Docker's volume plugin protocol, version 1. */
import { internal } from '../../lib/errors.ts';
import type { DriverVolume, VolumeDriver } from '../driver.ts';
import type { RemovableVolume, VolumeScope } from '../model.ts';
import { type CallOptions, callPlugin, Unreachable } from './call.ts';
import type { PluginAddress } from './discovery.ts';

/** As in moby's volume/drivers/proxy.go, which waits twice as long for what may copy or attach something. */
const short = 60_000;
const long = 120_000;

/** What Docker shows of a volume whose plugin says nothing of its age: the zero of Go's time. */
const unknownTime = Date.parse('0001-01-01T00:00:00Z');

export class PluginDriver implements VolumeDriver {
  #scope: VolumeScope | null = null;

  constructor(
    readonly name: string,
    readonly address: PluginAddress,
    private readonly warn: (message: string) => void,
  ) {}

  /** Throws when it does not answer, or drives no volumes. */
  async activate(options: Pick<CallOptions, 'retry'>): Promise<void> {
    const { Implements } = await this.#call('Plugin.Activate', null, { timeout: short, ...options });
    if (!Array.isArray(Implements) || !Implements.includes('VolumeDriver'))
      throw internal('Plugin does not implement the requested driver');
  }

  /** Plugins need not answer this; those that do not are local. */
  async scope(): Promise<VolumeScope> {
    this.#scope ??= await this.#askScope();
    return this.#scope;
  }

  async #askScope(): Promise<VolumeScope> {
    let answer: Record<string, unknown>;
    try {
      answer = await this.#volume('Capabilities', {}, { timeout: short, retry: false });
    } catch {
      return 'local';
    }
    const { Scope } = (answer.Capabilities ?? {}) as { Scope?: unknown };
    const scope = String(Scope ?? '').toLowerCase();
    if (scope === 'global' || scope === 'local') return scope;
    if (scope !== '') this.warn(`volume driver ${this.name} returned an invalid scope: ${scope}`);
    return 'local';
  }

  async create(name: string, options: Record<string, string>): Promise<void> {
    await this.#volume('Create', { Name: name, Opts: options }, { timeout: long, retry: true });
  }

  /** An answer without the volume, and an error of the plugin's own, both mean that it has none. */
  async get(name: string, { wait }: { wait: boolean }): Promise<DriverVolume | null> {
    try {
      const { Volume } = await this.#volume('Get', { Name: name }, { timeout: short, retry: wait });
      return Volume ? read(Volume, name) : null;
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      return null;
    }
  }

  async list(): Promise<DriverVolume[]> {
    const { Volumes } = await this.#volume('List', {}, { timeout: short, retry: false });
    return Array.isArray(Volumes) ? Volumes.map((volume) => read(volume, '')) : [];
  }

  async remove({ name }: RemovableVolume): Promise<void> {
    await this.#volume('Remove', { Name: name }, { timeout: short, retry: true });
  }

  async mount({ name }: RemovableVolume, id: string): Promise<string> {
    const { Mountpoint } = await this.#volume(
      'Mount',
      { Name: name, ID: id },
      { timeout: long, retry: true },
    );
    if (typeof Mountpoint === 'string' && Mountpoint !== '') return Mountpoint;
    const asked = await this.#volume('Path', { Name: name }, { timeout: short, retry: true });
    const path = String(asked.Mountpoint ?? '');
    if (path.startsWith('/')) return path;
    throw internal(
      `volume driver ${this.name} mounted ${name} at ${JSON.stringify(path)}, which is no absolute path`,
    );
  }

  async unmount({ name }: RemovableVolume, id: string): Promise<void> {
    await this.#volume('Unmount', { Name: name, ID: id }, { timeout: short, retry: true });
  }

  #volume(method: string, body: Record<string, unknown>, options: CallOptions) {
    return this.#call(`VolumeDriver.${method}`, body, options);
  }

  #call(method: string, body: Record<string, unknown> | null, options: CallOptions) {
    return callPlugin(this.address, method, body, options);
  }
}

function read(value: unknown, fallback: string): DriverVolume {
  const { Name, Mountpoint, CreatedAt, Status } = (value ?? {}) as Record<string, unknown>;
  const created = typeof CreatedAt === 'string' ? Date.parse(CreatedAt) : Number.NaN;
  return {
    name: typeof Name === 'string' && Name !== '' ? Name : fallback,
    mountpoint: typeof Mountpoint === 'string' ? Mountpoint : '',
    created: Number.isNaN(created) ? unknownTime : created,
    status: typeof Status === 'object' && Status !== null ? (Status as Record<string, unknown>) : undefined,
  };
}
