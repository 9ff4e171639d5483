/** Which addresses of one subnet are taken. In memory: running containers say again what they hold after a restart. */
import { conflict, invalid, unavailable } from '../lib/errors.ts';
import { broadcast, contains, formatIpv4, type Subnet, subnetSize } from './addresses.ts';

/**
 * One bit per address. Addresses are handed out in ascending order, starting behind the last one given, so that a freed
 * address rests as long as possible: neighbours may still have its old owner in their ARP and conntrack tables.
 */
export class AddressPool {
  readonly #taken: Uint32Array;
  #next: number;

  /** `label` names the network in errors: `bridge (<id>)`. The network, broadcast and gateway addresses are never given. */
  constructor(
    readonly subnet: Subnet,
    readonly gateway: number,
    private readonly label: string,
  ) {
    this.#taken = new Uint32Array(Math.ceil(subnetSize(subnet) / 32));
    for (const reserved of [subnet.base, broadcast(subnet), gateway]) this.#mark(reserved - subnet.base);
    this.#next = 1;
  }

  allocate(): number {
    const size = subnetSize(this.subnet);
    for (let step = 0; step < size; step++) {
      const offset = (this.#next + step) % size;
      if (this.#isTaken(offset)) continue;
      this.#mark(offset);
      this.#next = (offset + 1) % size;
      return this.subnet.base + offset;
    }
    throw unavailable(`no available IPv4 addresses on this network's address pools: ${this.label}`);
  }

  /** Takes exactly `address` (--ip). */
  reserve(address: number): void {
    if (!contains(this.subnet, address))
      throw invalid(`no configured subnet or ip-range contain the IP address ${formatIpv4(address)}`);
    if (this.#isTaken(address - this.subnet.base)) throw conflict('Address already in use');
    this.#mark(address - this.subnet.base);
  }

  /** Takes over what a running container already has: neither a foreign nor a doubly claimed address is an error. */
  adopt(address: number): void {
    if (!contains(this.subnet, address)) return;
    this.#mark(address - this.subnet.base);
    this.#next = Math.max(this.#next, address - this.subnet.base + 1);
  }

  release(address: number): void {
    if (!contains(this.subnet, address) || address === this.gateway) return;
    const offset = address - this.subnet.base;
    this.#taken[offset >>> 5] = (this.#taken[offset >>> 5] ?? 0) & ~(1 << (offset & 31));
  }

  #isTaken(offset: number): boolean {
    return (((this.#taken[offset >>> 5] ?? 0) >>> (offset & 31)) & 1) === 1;
  }
  #mark(offset: number): void {
    this.#taken[offset >>> 5] = (this.#taken[offset >>> 5] ?? 0) | (1 << (offset & 31));
  }
}

/** Docker's old rule, 02:42 and the address: a new owner of an address also has the hardware address that neighbours remember. */
export function macOf(address: number): string {
  const bytes = [0x02, 0x42, address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Normal form of --mac-address: six colon-separated pairs, unicast. */
export function parseMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1)
    throw invalid(`${JSON.stringify(text)} is not a valid mac address`);
  return mac;
}
