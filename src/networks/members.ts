/** Who runs, and on which networks. */
import type { ContainerId } from '../lib/ids.ts';
import type { Member } from './model.ts';

/** Tells which containers may see other names after a change: those that are, or were, on a network with one that has names there. */
export class Members extends Map<ContainerId, Member> {
  readonly #outdated: (ids: ReadonlySet<ContainerId>) => void;

  constructor(outdated: (ids: ReadonlySet<ContainerId>) => void) {
    super();
    this.#outdated = outdated;
  }

  override set(id: ContainerId, member: Member): this {
    const before = this.get(id);
    super.set(id, member);
    this.#changed(id, before, member);
    return this;
  }

  override delete(id: ContainerId): boolean {
    const before = this.get(id);
    const deleted = super.delete(id);
    this.#changed(id, before);
    return deleted;
  }

  #changed(id: ContainerId, ...versions: (Member | undefined)[]): void {
    const networks = new Set(versions.flatMap((member) => member?.endpoints ?? []).flatMap(namedNetwork));
    if (networks.size === 0) return;
    const seeing = [...this.values()].filter(({ endpoints }) =>
      endpoints.some(({ networkId }) => networks.has(networkId)),
    );
    this.#outdated(new Set([id, ...seeing.map(({ containerId }) => containerId)]));
  }
}

const namedNetwork = ({ networkId, dnsNames }: Member['endpoints'][number]): string[] =>
  dnsNames.length > 0 ? [networkId] : [];
