/** Which of its networks a container reaches the world by, and publishes its ports on. Pure. */
import type { Family } from '../lib/ip.ts';
import type { Endpoint, Network } from './model.ts';

export interface Candidate {
  network: Network;
  endpoint: Endpoint;
  /** It has a way out in these families. */
  ways: readonly Family[];
}

/** By family; null = no way out. */
export type Gateways<T> = Record<Family, T | null>;

/** The highest gw-priority, then the first name in byte order, as in Docker since 28. */
export function chooseGateways<T extends Candidate>(candidates: readonly T[]): Gateways<T> {
  const order = [...candidates].sort(
    (a, b) =>
      b.endpoint.request.gwPriority - a.endpoint.request.gwPriority ||
      (a.network.name < b.network.name ? -1 : 1),
  );
  const first = (family: Family): T | null => order.find(({ ways }) => ways.includes(family)) ?? null;
  return { 4: first(4), 6: first(6) };
}
