/** Forgetting connections that the kernel tracks (ctnetlink: linux/netfilter/nfnetlink_conntrack.h, filters since Linux 5.8). */
import type { Address, Family } from '../lib/ip.ts';
import { attribute, nested, netlinkRequest } from './netlink.ts';

const NETLINK_NETFILTER = 12;
const IPCTNL_MSG_CT_DELETE = (1 << 8) | 2;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_FILTER = 25;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V6_SRC = 3;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_DST_PORT = 3;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_FILTER_REPLY_FLAGS = 2;
const FILTER_IP_SRC = 1 << 0;
const FILTER_PROTO_NUM = 1 << 3;
const FILTER_PROTO_DST_PORT = 1 << 5;
const AF_INET = 2;
const AF_INET6 = 10;
const UDP = 17;

function flags(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}

const forget = (family: Family, ...attributes: Buffer[]): void =>
  // Version 1 makes the kernel heed the family.
  netlinkRequest(
    NETLINK_NETFILTER,
    IPCTNL_MSG_CT_DELETE,
    Buffer.concat([Buffer.of(family === 4 ? AF_INET : AF_INET6, 1, 0, 0), ...attributes]),
  );

/** UDP flows to `port`, whoever receives them at the moment. */
export function forgetUdpFlowsTo(family: Family, port: number): void {
  const protocol = nested(
    CTA_TUPLE_PROTO,
    attribute(CTA_PROTO_NUM, Uint8Array.of(UDP)),
    attribute(CTA_PROTO_DST_PORT, Uint8Array.of(port >> 8, port & 255)),
  );
  const filter = flags(CTA_FILTER_ORIG_FLAGS, FILTER_PROTO_NUM | FILTER_PROTO_DST_PORT);
  forget(family, nested(CTA_TUPLE_ORIG, protocol), nested(CTA_FILTER, filter));
}

/** UDP flows that `address` answers. */
export function forgetUdpFlowsOf({ family, value }: Address): void {
  const digits = value.toString(16).padStart(family === 4 ? 8 : 32, '0');
  const source = attribute(family === 4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, Buffer.from(digits, 'hex'));
  const tuple = nested(
    CTA_TUPLE_REPLY,
    nested(CTA_TUPLE_IP, source),
    nested(CTA_TUPLE_PROTO, attribute(CTA_PROTO_NUM, Uint8Array.of(UDP))),
  );
  forget(family, tuple, nested(CTA_FILTER, flags(CTA_FILTER_REPLY_FLAGS, FILTER_IP_SRC | FILTER_PROTO_NUM)));
}
