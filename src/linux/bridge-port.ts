/** Settings of a link that is, or becomes, a port of a bridge (rtnetlink(7), bridge(8)). */
import { linkIndex } from './link-address.ts';
import { attribute, attributesOf, nested, netlinkDump, netlinkRequest } from './netlink.ts';

const NETLINK_ROUTE = 0;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_BRPORT_MODE = 4;
const interfaceMessageSize = 16;

function change(link: string, ...attributes: Buffer[]): void {
  const name = attribute(IFLA_IFNAME, Buffer.from(`${link}\0`));
  const body = [Buffer.alloc(interfaceMessageSize), name, ...attributes];
  netlinkRequest(NETLINK_ROUTE, RTM_NEWLINK, Buffer.concat(body));
}

/** Lets frames leave by the port they came from. */
export function setHairpin(link: string): void {
  const port = nested(IFLA_INFO_SLAVE_DATA, attribute(IFLA_BRPORT_MODE, Uint8Array.of(1)));
  change(link, nested(IFLA_LINKINFO, attribute(IFLA_INFO_SLAVE_KIND, Buffer.from('bridge\0')), port));
}

/** Makes it a port of the bridge with this index. */
export function setMaster(link: string, bridge: number): void {
  const index = Buffer.alloc(4);
  index.writeUInt32LE(bridge);
  change(link, attribute(IFLA_MASTER, index));
}

/** Attributes of all links. Not from sysfs, which shows the links of whichever network namespace it was mounted in. */
const allLinks = (): Map<number, Buffer>[] =>
  netlinkDump(NETLINK_ROUTE, RTM_GETLINK, Buffer.alloc(interfaceMessageSize)).map((message) =>
    attributesOf(message, interfaceMessageSize),
  );

const textOf = (bytes: Buffer | undefined): string => (bytes ?? Buffer.alloc(0)).toString().replace('\0', '');

/** Names of a bridge's ports. */
export function bridgePorts(bridge: string): string[] {
  const index = linkIndex(bridge);
  if (index === null) return [];
  return allLinks()
    .filter((link) => link.get(IFLA_MASTER)?.readUInt32LE() === index)
    .map((link) => textOf(link.get(IFLA_IFNAME)));
}

export function isBridge(name: string): boolean {
  const link = allLinks().find((one) => textOf(one.get(IFLA_IFNAME)) === name);
  const info = link?.get(IFLA_LINKINFO);
  return info !== undefined && textOf(attributesOf(info, 0).get(IFLA_INFO_KIND)) === 'bridge';
}
