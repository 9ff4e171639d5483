/** Settings of a link that is a port of a bridge (rtnetlink(7), bridge(8)). */
import { attribute, nested, netlinkRequest } from './netlink.ts';

const NETLINK_ROUTE = 0;
const RTM_NEWLINK = 16;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_BRPORT_MODE = 4;
const interfaceMessageSize = 16;

/** Lets frames leave by the port they came from. */
export function setHairpin(link: string): void {
  const body = [
    Buffer.alloc(interfaceMessageSize),
    attribute(IFLA_IFNAME, Buffer.from(`${link}\0`)),
    nested(
      IFLA_LINKINFO,
      attribute(IFLA_INFO_SLAVE_KIND, Buffer.from('bridge\0')),
      nested(IFLA_INFO_SLAVE_DATA, attribute(IFLA_BRPORT_MODE, Uint8Array.of(1))),
    ),
  ];
  netlinkRequest(NETLINK_ROUTE, RTM_NEWLINK, Buffer.concat(body));
}
