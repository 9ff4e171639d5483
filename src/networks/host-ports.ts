/** Who has which port of the host: one table for all networks of a daemon. */
import { EngineError, internal } from '../lib/errors.ts';
import { type Address, formatAddress, parseAddress } from '../lib/ip.ts';
import { descriptorBudget, dropPort, ephemeralPorts, holdPort } from '../linux/port-socket.ts';
import type { PublishedPort } from './model.ts';
import type { PortRange, Protocol, WantedPort } from './port-spec.ts';

interface Holding {
  owner: string;
  address: Address;
  /** null when the port is in the table only. */
  socket: number | null;
}

/** What the kernel is asked; replaced in unit tests. */
export interface PortKernel {
  hold: typeof holdPort;
  drop: typeof dropPort;
  ephemeral: () => PortRange;
  /** Up to this many ports are held by an open socket. */
  budget: number;
}

const realKernel = (): PortKernel => ({
  hold: holdPort,
  drop: dropPort,
  ephemeral: ephemeralPorts,
  budget: descriptorBudget(),
});

const reasons: Record<string, string> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
  EMFILE: 'too many open files',
};
const reasonOf = (error: string): string => reasons[error] ?? error;

/**
 * A port is taken by binding a real socket (see `holdPort`): that finds servers of the host before the container starts, and
 * shows the port as used to them afterwards. It costs 11 µs and one descriptor, so even a range of 1,000 ports takes
 * 12 ms; asking /proc/net/tcp instead would miss UDP and races, and would keep nobody out. Beyond the budget, ports are only
 * tried (bound and closed) and remembered in the table. The sockets die with the daemon; `adopt` binds them again.
 */
export class HostPorts {
  readonly #kernel: PortKernel;
  readonly #taken = new Map<string, Holding[]>();
  readonly #byOwner = new Map<string, Set<string>>();
  #sockets = 0;
  #lastChosen = 0;

  constructor(kernel: PortKernel = realKernel()) {
    this.#kernel = kernel;
  }

  /** All of `wanted` or nothing, beside what the owner has. `target` (the container's address) appears in errors. */
  claim(owner: string, target: string, wanted: readonly WantedPort[]): PublishedPort[] {
    const published: PublishedPort[] = [];
    try {
      // The least flexible first, so that a range does not take what another binding names.
      const order = [...wanted].sort((a, b) => freedom(a) - freedom(b));
      for (const port of order) published.push(...this.#claimOne(owner, target, port));
    } catch (error) {
      for (const port of published) this.#forget(owner, keyOf(port), parseAddress(port.hostIp));
      throw error;
    }
    return published.sort(
      (a, b) =>
        a.containerPort - b.containerPort || a.hostPort - b.hostPort || a.hostIp.length - b.hostIp.length,
    );
  }

  /** Takes over the ports of a running container. Returns those that a process of the host has meanwhile bound. */
  adopt(owner: string, ports: readonly PublishedPort[]): PublishedPort[] {
    return ports.filter((port) => {
      const address = parseAddress(port.hostIp);
      if (!address) return false;
      const held = this.#kernel.hold(port.protocol, address, port.hostPort);
      this.#remember(owner, port.protocol, port.hostPort, address, typeof held === 'number' ? held : null);
      return held === 'EADDRINUSE';
    });
  }

  /** Gives back some of what the owner has. */
  drop(owner: string, ports: readonly PublishedPort[]): void {
    for (const port of ports) this.#forget(owner, keyOf(port), parseAddress(port.hostIp));
  }

  /** Gives back everything. */
  release(owner: string): void {
    for (const key of this.#byOwner.get(owner) ?? []) this.#forget(owner, key, null);
    this.#byOwner.delete(owner);
  }

  /** `address` null: on all of them. */
  #forget(owner: string, key: string, address: Address | null): void {
    const others: Holding[] = [];
    for (const holding of this.#taken.get(key) ?? []) {
      if (holding.owner !== owner || (address && !same(holding.address, address))) others.push(holding);
      else if (holding.socket !== null) {
        this.#kernel.drop(holding.socket);
        this.#sockets--;
      }
    }
    if (others.length > 0) this.#taken.set(key, others);
    else this.#taken.delete(key);
  }

  #claimOne(owner: string, target: string, wanted: WantedPort): PublishedPort[] {
    const candidates = wanted.hostPorts ?? this.#kernel.ephemeral();
    const hostPort =
      candidates.first === candidates.last
        ? this.#claimExactly(owner, target, wanted, candidates.first)
        : this.#claimAny(owner, wanted, candidates);
    const { containerPort, protocol } = wanted;
    return wanted.hostAddresses.map((address) => ({
      hostIp: formatAddress(address),
      hostPort,
      containerPort,
      protocol,
    }));
  }

  #claimExactly(owner: string, target: string, wanted: WantedPort, port: number): number {
    const { outcome, address } = this.#try(owner, wanted, port);
    if (outcome === 'ok') return port;
    const place = socketText(address, port);
    if (outcome === 'allocated') throw internal(`Bind for ${place} failed: port is already allocated`);
    const mapping = `${place}:${target}:${wanted.containerPort}/${wanted.protocol}`;
    throw internal(`failed to bind host port for ${mapping}: ${reasonOf(outcome)}`);
  }

  /** A range starts at its beginning; chosen ports go round, so that a port is not reused at once by another container. */
  #claimAny(owner: string, wanted: WantedPort, range: PortRange): number {
    const size = range.last - range.first + 1;
    const roaming = wanted.hostPorts === null;
    const start = roaming && this.#lastChosen >= range.first ? this.#lastChosen + 1 - range.first : 0;
    for (let step = 0; step < size; step++) {
      const port = range.first + ((start + step) % size);
      const { outcome, address } = this.#try(owner, wanted, port);
      if (outcome === 'ok') {
        if (roaming) this.#lastChosen = port;
        return port;
      }
      if (outcome !== 'allocated' && outcome !== 'EADDRINUSE')
        throw internal(`failed to bind a host port for ${formatAddress(address)}: ${reasonOf(outcome)}`);
    }
    throw internal('all ports are allocated');
  }

  /** 'ok', 'allocated' (to a container of ours), or what bind said of the address that refused: then none of them is taken. */
  #try(
    owner: string,
    { protocol, hostAddresses }: WantedPort,
    port: number,
  ): { outcome: string; address: Address } {
    const got: { address: Address; socket: number | null }[] = [];
    const giveUp = (outcome: string, address: Address) => {
      for (const { socket } of got) if (socket !== null) this.#kernel.drop(socket);
      return { outcome, address };
    };
    const holdings = this.#taken.get(keyOf({ protocol, hostPort: port })) ?? [];
    for (const address of hostAddresses) {
      if (holdings.some((holding) => collide(holding.address, address))) return giveUp('allocated', address);
      const held = this.#kernel.hold(protocol, address, port);
      // A kernel without SCTP sockets has no server to collide with, and still forwards SCTP.
      if (typeof held === 'string' && held !== 'EPROTONOSUPPORT') return giveUp(held, address);
      got.push({ address, socket: typeof held === 'number' ? held : null });
    }
    for (const { address, socket } of got) this.#remember(owner, protocol, port, address, socket);
    return { outcome: 'ok', address: { family: 4, value: 0n } };
  }

  #remember(owner: string, protocol: Protocol, port: number, address: Address, held: number | null): void {
    let socket = held;
    if (socket !== null && this.#sockets >= this.#kernel.budget) {
      this.#kernel.drop(socket);
      socket = null;
    }
    if (socket !== null) this.#sockets++;
    const key = keyOf({ protocol, hostPort: port });
    this.#taken.set(key, [...(this.#taken.get(key) ?? []), { owner, address, socket }]);
    const owned = this.#byOwner.get(owner) ?? new Set<string>();
    this.#byOwner.set(owner, owned.add(key));
  }
}

const keyOf = ({ protocol, hostPort }: { protocol: Protocol; hostPort: number }): string =>
  `${protocol}:${hostPort}`;
const same = (a: Address, b: Address): boolean => a.family === b.family && a.value === b.value;
const collide = (a: Address, b: Address): boolean =>
  a.family === b.family && (a.value === b.value || a.value === 0n || b.value === 0n);

/** `10.0.0.1:80`, `[::1]:80`. */
function socketText(address: Address, port: number): string {
  const text = formatAddress(address);
  return address.family === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

function freedom({ hostPorts }: WantedPort): number {
  return hostPorts ? hostPorts.last - hostPorts.first : 65536;
}

/** Docker's wrapping of every failure to publish. */
export function connectivityError(endpointName: string, endpointId: string, cause: unknown): unknown {
  if (!(cause instanceof EngineError) || cause.kind !== 'internal') return cause;
  const prefix = `driver failed programming external connectivity on endpoint ${endpointName} (${endpointId})`;
  return internal(`${prefix}: ${cause.message}`, { cause });
}
