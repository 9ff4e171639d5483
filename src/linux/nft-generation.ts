/** How often the nftables ruleset of this network namespace was changed (linux/netfilter/nf_tables.h). */
import { attributesOf, netlinkQuery } from './netlink.ts';

const NETLINK_NETFILTER = 12;
const NFT_MSG_GETGEN = (10 << 8) | 16;
const NFTA_GEN_ID = 1;
const nfgenmsgSize = 4;

/** Grows with every transaction, whoever makes it. null where the kernel has no nftables. */
export function rulesetGeneration(): number | null {
  const answer = netlinkQuery(NETLINK_NETFILTER, NFT_MSG_GETGEN, Buffer.alloc(nfgenmsgSize));
  return attributesOf(answer, nfgenmsgSize).get(NFTA_GEN_ID)?.readUInt32BE() ?? null;
}
