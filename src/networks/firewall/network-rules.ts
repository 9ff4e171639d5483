/**
 * The rules of one network: chains of its own, which the verdict maps of the table lead to. However many networks there are,
 * a packet meets one lookup per map and the few rules of the networks it comes from and goes to.
 */
import type { Family } from '../../lib/ip.ts';
import { type Element, elementScript } from './published.ts';

/** How containers of one family are reached and seen: Docker's gateway modes, but `isolated`, which is about addresses. */
export interface FamilyRules {
  subnet: string;
  /** nat: only published ports, by the host's address. unprotected: that, and every port by the container's. routed: published ports, by the container's address. */
  mode: 'nat' | 'unprotected' | 'routed';
  /** Outgoing packets take the host's address: the one of the link they leave by, or this one. null = they keep their own. */
  masquerade: 'link' | { address: string } | null;
}

export interface NetworkRules {
  /** The bridge. */
  link: string;
  /** Nothing goes in or out. */
  internal: boolean;
  /** Containers of the network may talk to each other. */
  icc: boolean;
  families: Partial<Record<Family, FamilyRules>>;
}

/** Keys of a verdict map lead to the chain of the same purpose. */
interface Part {
  map: string;
  key: string;
  chain: string;
  rules: string[];
}

const families: readonly Family[] = [4, 6];
const ip = (family: Family): string => (family === 4 ? 'ip' : 'ip6');

/**
 * Keeps neighbours of the host, who may route the subnet to it, from reaching ports that are not published. Before
 * connection tracking: what is published still has the host's address here.
 */
function guard({ link }: NetworkRules, family: Family, { subnet, mode }: FamilyRules): Part | null {
  if (mode !== 'nat') return null;
  const rules = [`iifname "${link}" return`, 'fib daddr type local return', 'drop'];
  return { map: `guarded${family}`, key: subnet, chain: `guard${family}-${link}`, rules };
}

/** Answers to a container that called a published port of its own network come back through the host; everyone else's address is kept. */
function source({ link, internal }: NetworkRules, family: Family, of: FamilyRules): Part {
  const rules = [`oifname "${link}" ct status dnat masquerade`];
  const { masquerade, subnet } = of;
  if (masquerade !== null && !internal) {
    const action = masquerade === 'link' ? 'masquerade' : `snat ${ip(family)} to ${masquerade.address}`;
    rules.push(`oifname != "${link}" ${action}`);
  }
  return { map: `sources${family}`, key: subnet, chain: `source${family}-${link}`, rules };
}

/** `internal`: what leaves the bridge goes nowhere, whatever route a container has made for itself. */
function leaving({ link, internal }: NetworkRules): Part | null {
  if (!internal) return null;
  const rules = [`oifname "${link}" return`, 'drop'];
  return { map: 'leaving', key: `"${link}"`, chain: `leave-${link}`, rules };
}

function entering(network: NetworkRules): Part {
  const { link, internal, icc } = network;
  const within = icc
    ? [`iifname "${link}" accept`]
    : [
        `iifname "${link}" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
        ...families.map((family) => `iifname "${link}" ${passage(family)} accept`),
      ];
  const fromOutside = families.flatMap((family) => outsideRules(family, network.families[family]));
  const rules = [
    'ct state established,related accept',
    ...(internal ? [] : ['ct status dnat accept']),
    ...within,
    ...(icc ? [] : [`iifname "${link}" drop`]),
    ...(internal ? [] : fromOutside),
    'drop',
  ];
  return { map: 'entering', key: `"${link}"`, chain: `enter-${link}`, rules };
}

const passage = (family: Family): string =>
  `${ip(family)} saddr . ${ip(family)} daddr . meta l4proto . th dport @passages${family}`;

function outsideRules(family: Family, of: FamilyRules | undefined): string[] {
  if (!of || of.mode === 'nat') return [];
  if (of.mode === 'unprotected') return [`${ip(family)} daddr ${of.subnet} iifname != @bridges accept`];
  const ping = family === 4 ? 'icmp type echo-request accept' : 'icmpv6 type echo-request accept';
  return [`${ip(family)} daddr . meta l4proto . th dport @open${family} accept`, ping];
}

function partsOf(network: NetworkRules): Part[] {
  const ofFamilies = families.flatMap((family) => {
    const of = network.families[family];
    return of ? [guard(network, family, of), source(network, family, of)] : [];
  });
  return [leaving(network), entering(network), ...ofFamilies].filter((part) => part !== null);
}

/** Elements of the table's maps, and chains that they lead to: as blocks of a table's definition. */
export function networkParts(network: NetworkRules): { chains: string; elements: Element[] } {
  const parts = partsOf(network);
  const chains = parts.map(({ chain, rules }) => `  chain ${chain} {\n    ${rules.join('\n    ')}\n  }`);
  const elements = parts.map(({ map, key, chain }) => ({ of: map, key, value: `jump ${chain}` }));
  return {
    chains: chains.join('\n'),
    elements: [...elements, { of: 'bridges', key: `"${network.link}"`, value: null }],
  };
}

export function addNetworkScript(table: string, network: NetworkRules): string {
  const { chains, elements } = networkParts(network);
  return `table inet ${table} {\n${chains}\n}\n${elementScript('add', table, elements)}`;
}

/** Elements first: a chain that something leads to cannot go. */
export function removeNetworkScript(table: string, network: NetworkRules): string {
  const chains = partsOf(network).map(({ chain }) => `delete chain inet ${table} ${chain}`);
  return [elementScript('delete', table, networkParts(network).elements), ...chains].join('\n');
}
