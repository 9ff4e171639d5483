/** The engine's nftables table in the kernel, kept equal to its networks and what they publish. */
import { createHash } from 'node:crypto';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/op.ts';
import type { Nft } from '../../linux/nft.ts';
import { warnOfForeignPolicy } from './foreign.ts';
import { addNetworkScript, type NetworkRules, removeNetworkScript } from './network-rules.ts';
import { elementScript, elementsOf, type Forwarding } from './published.ts';
import { type OpenPassage, passageElements, removeScript, type TableContent, tableScript } from './table.ts';

export class Firewall {
  readonly #table: string;
  readonly #nft: () => Nft;
  readonly #log: Log;
  /** By link. */
  readonly #networks = new Map<string, NetworkRules>();
  /** By container. */
  readonly #published = new Map<string, readonly Forwarding[]>();
  readonly #passages = new Map<string, readonly OpenPassage[]>();
  /** What the kernel printed of the table when it was known to be right; null = it was changed by us since then. */
  #fingerprint: string | null = null;
  #exists = false;

  constructor(table: string, nft: () => Nft, log: Log) {
    this.#table = table;
    this.#nft = nft;
    this.#log = log;
  }

  /** A table that is there belongs to containers that still run, and stays until `replace` says what it must hold. */
  async open(networks: readonly NetworkRules[]): Promise<void> {
    if (networks.length === 0) return;
    for (const network of networks) this.#networks.set(network.link, network);
    if (await this.#isThere()) this.#exists = true;
    else await this.#rebuild();
    await warnOfForeignPolicy(this.#nft(), [...this.#networks.keys()], this.#log);
  }

  async addNetwork(network: NetworkRules): Promise<void> {
    this.#networks.set(network.link, network);
    await this.#change(addNetworkScript(this.#table, network));
  }

  async removeNetwork(link: string): Promise<void> {
    const network = this.#networks.get(link);
    if (!network) return;
    this.#networks.delete(link);
    if (this.#networks.size === 0) await this.remove();
    else await this.#change(removeNetworkScript(this.#table, network));
  }

  /** What a container publishes from now on. Returns what it did until now. */
  async publish(owner: string, forwardings: readonly Forwarding[]): Promise<readonly Forwarding[]> {
    const before = this.#published.get(owner) ?? [];
    if (forwardings.length === 0) this.#published.delete(owner);
    else this.#published.set(owner, forwardings);
    await this.#exchange(elementsOf(before), elementsOf(forwardings));
    return before;
  }

  async allow(owner: string, passages: readonly OpenPassage[]): Promise<void> {
    const before = this.#passages.get(owner) ?? [];
    if (passages.length === 0) this.#passages.delete(owner);
    else this.#passages.set(owner, passages);
    await this.#exchange(passageElements(before), passageElements(passages));
  }

  /** Passages from and to these addresses end: another container may have them next. */
  async close(addresses: readonly string[]): Promise<void> {
    for (const [owner, passages] of [...this.#passages]) {
      const kept = passages.filter(({ from, to }) => !addresses.includes(from) && !addresses.includes(to));
      if (kept.length < passages.length) await this.allow(owner, kept);
    }
  }

  /** Makes the table anew with exactly these publications. */
  async replace(published: ReadonlyMap<string, readonly Forwarding[]>): Promise<void> {
    this.#published.clear();
    this.#passages.clear();
    for (const [owner, forwardings] of published) this.#published.set(owner, forwardings);
    if (this.#networks.size > 0) await this.#rebuild();
    else await this.remove();
  }

  async remove(): Promise<void> {
    if (!this.#exists) return;
    this.#exists = false;
    this.#fingerprint = null;
    await this.#nft().apply(removeScript(this.#table));
  }

  /** Whether someone else changed the table since it was last known to be right; if so it is made anew. */
  async verify(): Promise<boolean> {
    if (!this.#exists) return false;
    const current = await this.#currentFingerprint();
    if (this.#fingerprint === null && current !== null) {
      this.#fingerprint = current;
      return false;
    }
    if (current === this.#fingerprint) return false;
    await this.#rebuild();
    return true;
  }

  /** Makes the table anew without asking. True when that changed anything. */
  async restore(): Promise<boolean> {
    if (this.#networks.size === 0) return false;
    const before = await this.#currentFingerprint();
    await this.#rebuild();
    this.#fingerprint = await this.#currentFingerprint();
    return before !== this.#fingerprint;
  }

  async #exchange(before: ReturnType<typeof elementsOf>, after: typeof before): Promise<void> {
    if (before.length === 0 && after.length === 0) return;
    const scripts = [elementScript('delete', this.#table, before), elementScript('add', this.#table, after)];
    await this.#change(scripts.filter((script) => script !== '').join('\n'));
  }

  /** Performs one small change. When it does not fit (someone flushed the ruleset), the whole table is made anew. */
  async #change(script: string): Promise<void> {
    if (!this.#exists) return await this.#rebuild();
    try {
      this.#fingerprint = null;
      await this.#nft().apply(script);
    } catch (error) {
      this.#log('warn', 'the nftables table was changed by someone else: making it anew', {
        table: this.#table,
        error: messageOf(error),
      });
      await this.#rebuild();
    }
  }

  async #rebuild(): Promise<void> {
    this.#fingerprint = null;
    await this.#nft().apply(tableScript(this.#table, this.#content()));
    this.#exists = true;
  }

  #content(): TableContent {
    return {
      networks: [...this.#networks.values()],
      forwardings: [...this.#published.values()].flat(),
      passages: [...this.#passages.values()].flat(),
    };
  }

  async #isThere(): Promise<boolean> {
    const tables = await this.#nft().query('list tables inet');
    return tables.split('\n').includes(`table inet ${this.#table}`);
  }

  /** null without a table. */
  async #currentFingerprint(): Promise<string | null> {
    if (!(await this.#isThere())) return null;
    const text = await this.#nft().query(`list table inet ${this.#table}`);
    return createHash('sha256').update(text).digest('hex');
  }
}
