/** The nftables table of one bridge in the kernel, kept equal to what is published. */
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/op.ts';
import type { Nft } from '../linux/nft.ts';
import {
  type BridgeRules,
  type Forwarding,
  publishScript,
  removeScript,
  tableName,
  tableScript,
  withdrawScript,
} from './ruleset.ts';

export class BridgeTable {
  readonly #rules: BridgeRules;
  readonly #nft: Nft;
  readonly #log: Log;
  /** By endpoint. */
  readonly #published = new Map<string, readonly Forwarding[]>();

  constructor(rules: BridgeRules, nft: Nft, log: Log) {
    this.#rules = rules;
    this.#nft = nft;
    this.#log = log;
  }

  /** Makes the table unless there is one: that belongs to containers that still run, and stays until `replace` says what it must hold. */
  async open(): Promise<void> {
    const tables = await this.#nft.query('list tables ip');
    if (!tables.split('\n').includes(`table ip ${tableName(this.#rules.bridge)}`)) await this.#rebuild();
    await this.#warnOfForeignPolicy();
  }

  async publish(endpointId: string, forwardings: readonly Forwarding[]): Promise<void> {
    this.#published.set(endpointId, forwardings);
    await this.#change(publishScript(this.#rules.bridge, forwardings));
  }

  /** Returns what was published; nothing when nothing was. */
  async withdraw(endpointId: string): Promise<readonly Forwarding[]> {
    const forwardings = this.#published.get(endpointId);
    if (!forwardings) return [];
    this.#published.delete(endpointId);
    await this.#change(withdrawScript(this.#rules.bridge, forwardings));
    return forwardings;
  }

  /** Makes the table anew with exactly these. */
  async replace(published: ReadonlyMap<string, readonly Forwarding[]>): Promise<void> {
    this.#published.clear();
    for (const [endpointId, forwardings] of published) this.#published.set(endpointId, forwardings);
    await this.#rebuild();
  }

  async remove(): Promise<void> {
    await this.#nft.apply(removeScript(this.#rules.bridge));
  }

  /** Performs one small change. When it does not fit (someone flushed the ruleset), the whole table is made anew. */
  async #change(script: string): Promise<void> {
    try {
      await this.#nft.apply(script);
    } catch (error) {
      this.#log('warn', 'the nftables table was changed by someone else: making it anew', {
        bridge: this.#rules.bridge,
        error: messageOf(error),
      });
      await this.#rebuild();
    }
  }

  async #rebuild(): Promise<void> {
    await this.#nft.apply(tableScript(this.#rules, [...this.#published.values()].flat()));
  }

  /** Every table's verdict counts, so what another program drops (dockerd and ufw do) we cannot accept: only say so. */
  async #warnOfForeignPolicy(): Promise<void> {
    const { bridge } = this.#rules;
    const foreign = await this.#nft.query('list chain ip filter FORWARD').catch(() => '');
    if (/policy drop/.test(foreign))
      this.#log(
        'warn',
        "the host's iptables FORWARD policy is DROP: containers reach the world only if its rules let them",
        {
          bridge,
          remedy: `iptables -I FORWARD -i ${bridge} -j ACCEPT; iptables -I FORWARD -o ${bridge} -j ACCEPT`,
        },
      );
  }
}
