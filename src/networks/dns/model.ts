/** What the name server asks the networks noun. */

export interface NameView {
  /** Addresses of a local name (lower case, without trailing dot) in both families; null = no such name here, ask the world. */
  lookup(name: string): { ipv4: string[]; ipv6: string[] } | null;
  /** The name of a local address, without trailing dot; null = not one of ours. */
  reverse(address: string): string | null;
  /** Whom to ask for everything else; null = this container may not ask the world (internal networks only; CVE-2024-29018). */
  upstream: readonly string[] | null;
}

/** null: there is no such container. */
export type Views = (containerId: string) => NameView | null;

export type Transport = 'udp' | 'tcp';
