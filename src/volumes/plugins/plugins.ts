/** The plugins of this host: found when they are asked for, activated once. */
import { existsSync } from 'node:fs';
import { internal, isKind, messageOf, notFound } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import { findPlugin, pluginNames } from './discovery.ts';
import { PluginDriver } from './driver.ts';
import { withRetries } from './retries.ts';

export class Plugins {
  readonly #active = new Map<string, PluginDriver>();

  constructor(
    private readonly directories: readonly string[],
    private readonly log: Log,
  ) {}

  /** A plugin may be on its way (both start at boot), so it is waited for as Docker does, where there are plugins at all. */
  async driver(name: string): Promise<PluginDriver> {
    const known = this.#active.get(name);
    if (known !== undefined) return known;
    const wait = this.directories.some((directory) => existsSync(directory));
    try {
      const find = () => this.#activate(name, { retry: true });
      return await withRetries(find, (error) => wait && isKind(error, 'notFound'));
    } catch (error) {
      const text = `error looking up volume plugin ${name}: ${messageOf(error)}`;
      throw isKind(error, 'notFound') ? notFound(text) : internal(text, { cause: error });
    }
  }

  async #activate(name: string, options: { retry: boolean }): Promise<PluginDriver> {
    const address = findPlugin(this.directories, name);
    if (address === null) throw notFound(`plugin ${JSON.stringify(name)} not found`);
    const driver = new PluginDriver(name, address, (message) => this.log('warn', message));
    await driver.activate(options);
    this.#active.set(name, driver);
    return driver;
  }

  /** Those in use. */
  names(): string[] {
    return [...this.#active.keys()];
  }

  /** Those that are there now and answer at once. */
  async all(): Promise<PluginDriver[]> {
    const names = new Set([...pluginNames(this.directories), ...this.#active.keys()]);
    const drivers = await Promise.all([...names].map((name) => this.#ifThere(name)));
    return drivers.filter((driver) => driver !== null);
  }

  async #ifThere(name: string): Promise<PluginDriver | null> {
    try {
      return this.#active.get(name) ?? (await this.#activate(name, { retry: false }));
    } catch (error) {
      this.log('debug', `no volume plugin ${name}`, { error: messageOf(error) });
      return null;
    }
  }
}
