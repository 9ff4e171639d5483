/** Which addresses of one subnet are taken. In memory: running containers say again what they hold after a restart. */
import { createHash } from 'node:crypto';
import { forbidden, invalid, unavailable } from '../lib/errors.ts';
import {
  type Address,
  bitsOf,
  contains,
  covers,
  formatAddress,
  lastAddress,
  parseAddress,
  parseCidr,
  type Subnet,
} from '../lib/ip.ts';
import type { IpamPool } from './model.ts';

/**
 * Addresses are handed out in ascending order, starting behind the last one given, so that a freed address rests as long as
 * possible: neighbours may still have its old owner in their ARP and conntrack tables.
 */
export class AddressPool {
  readonly subnet: Subnet;
  /** null: there is none, and the network has no way out in this family. */
  readonly gateway: Address | null;
  readonly #range: Subnet;
  readonly #label: string;
  readonly #taken = new Set<bigint>();
  #next: bigint;

  /** `label` names the network in errors: `bridge (<id>)`. Network, broadcast, gateway and auxiliary addresses are never given. */
  constructor(pool: IpamPool, label: string) {
    const cidr = parseCidr(pool.subnet);
    if (!cidr) throw invalid(`invalid subnet ${pool.subnet}`);
    this.subnet = cidr.subnet;
    this.#range = parseCidr(pool.ipRange)?.subnet ?? this.subnet;
    this.#label = label;
    this.gateway = parseAddress(pool.gateway);
    const reserved = [pool.gateway, ...Object.values(pool.auxiliary)].map(parseAddress);
    for (const address of reserved) if (address) this.#taken.add(address.value);
    for (const edge of edges(this.subnet)) this.#taken.add(edge);
    this.#next = this.#range.base;
  }

  get prefix(): number {
    return this.subnet.prefix;
  }

  allocate(): Address {
    const last = lastAddress(this.#range);
    const first = this.#range.base;
    const size = last - first + 1n;
    // Among one more candidate than there are taken ones is a free one.
    const steps = size < BigInt(this.#taken.size + 1) ? size : BigInt(this.#taken.size + 1);
    for (let step = 0n; step < steps; step++) {
      const value = first + ((this.#next - first + step) % size);
      if (this.#taken.has(value)) continue;
      this.#taken.add(value);
      this.#next = value === last ? first : value + 1n;
      return { family: this.subnet.family, value };
    }
    const { family } = this.subnet;
    throw unavailable(`no available IPv${family} addresses on this network's address pools: ${this.#label}`);
  }

  /** Takes exactly `address` (--ip), which may be outside the range that the others come from. */
  reserve(address: Address): void {
    if (!contains(this.subnet, address))
      throw invalid(`no configured subnet contains IP address ${formatAddress(address)}`);
    if (this.#taken.has(address.value)) throw forbidden('Address already in use');
    this.#taken.add(address.value);
  }

  /** Takes over what a running container already has: neither a foreign nor a doubly claimed address is an error. */
  adopt(address: Address): void {
    if (!contains(this.subnet, address)) return;
    this.#taken.add(address.value);
    if (
      contains(this.#range, address) &&
      address.value >= this.#next &&
      address.value < lastAddress(this.#range)
    )
      this.#next = address.value + 1n;
  }

  release(address: Address): void {
    if (address.value !== this.gateway?.value) this.#taken.delete(address.value);
  }

  /** How many can be given, and how many of them are. For inspect. */
  usage(): { total: bigint; taken: bigint } {
    const total = lastAddress(this.#range) - this.#range.base + 1n;
    return { total, taken: BigInt(this.#taken.size) };
  }
}

/** What is no host's address: the network's own and IPv4's broadcast, unless the subnet is too small to have them (RFC 3021). */
function edges(subnet: Subnet): bigint[] {
  if (bitsOf(subnet.family) - subnet.prefix < 2) return [];
  return subnet.family === 4 ? [subnet.base, lastAddress(subnet)] : [subnet.base];
}

/** The first host's address of the range that addresses are given from. */
export function defaultGateway(subnet: Subnet, range = subnet): Address {
  const first = edges(subnet).includes(range.base) ? range.base + 1n : range.base;
  return { family: subnet.family, value: first };
}

/** Throws Docker's texts for a pool that contradicts itself. */
export function checkPool(pool: IpamPool): Subnet {
  const cidr = parseCidr(pool.subnet);
  if (!cidr) throw invalid(`invalid subnet ${pool.subnet}: invalid CIDR block notation`);
  const { subnet, address } = cidr;
  if (subnet.base !== address.value)
    throw invalid(
      `invalid subnet ${pool.subnet}: it should be ${formatAddress({ ...address, value: subnet.base })}/${subnet.prefix}`,
    );
  const range = pool.ipRange === '' ? null : parseCidr(pool.ipRange);
  if (pool.ipRange !== '' && !(range && covers(subnet, range.subnet)))
    throw invalid(`invalid ip-range ${pool.ipRange}: parent subnet ${pool.subnet} doesn't contain ip-range`);
  const inside = (what: string, text: string) => {
    const at = parseAddress(text.split('/')[0] ?? '');
    if (!at) throw invalid(`invalid ${what} ${text}: invalid address`);
    if (!contains(subnet, at))
      throw invalid(`invalid ${what} ${text}: parent subnet ${pool.subnet} doesn't contain this address`);
  };
  if (pool.gateway !== '') inside('gateway address', pool.gateway);
  for (const text of Object.values(pool.auxiliary)) inside('auxiliary address', text);
  return subnet;
}

/**
 * Docker's old rule, 02:42 and the IPv4 address: a new owner of an address also has the hardware address that neighbours
 * remember. From an IPv6 address a digest takes the place.
 */
export function macOf({ family, value }: Address): string {
  const tail =
    family === 4
      ? [24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 255n))
      : [...createHash('sha256').update(value.toString(16)).digest().subarray(0, 4)];
  return [0x02, 0x42, ...tail].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Normal form of --mac-address: six colon-separated pairs, unicast. */
export function parseMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1)
    throw invalid(`${JSON.stringify(text)} is not a valid mac address`);
  return mac;
}
