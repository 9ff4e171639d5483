/** What the name server needs to know of networks and containers. */

/** The names of one container's networks, as that container may see them. Asked anew for each query. */
export interface NameView {
  /** Addresses of a local name (lower case, without trailing dot) in both families; null = no such name here, ask the world. */
  lookup(name: string): { ipv4: string[]; ipv6: string[] } | null;
  /** The name of a local address (as src/lib/ip.ts writes it); null = not one of ours. */
  reverse(address: string): string | null;
  /** Servers to ask for everything else; null = this container may not ask the world (internal networks only; CVE-2024-29018). */
  readonly upstream: readonly string[] | null;
  /**
   * The container's resolv.conf has `ndots` above 0: for an unknown name without a dot its resolver is to go on with the search
   * list, so the world is not asked (as moby's NdotsSet).
   */
  readonly keepsBareNames?: boolean;
}

/** null = there is no such container, or not yet: its shim finds us away, and comes again. */
export type Views = (containerId: string) => NameView | null;

/** How a container asked. */
export type Transport = 'udp' | 'tcp';

/** For what the shim may use an answer again while no daemon is there (`names.keep` in src/shim/protocol.ts). */
export type Keep = 'not' | 'same' | 'question';

export interface Reply {
  message: Buffer;
  keep: Keep;
}
