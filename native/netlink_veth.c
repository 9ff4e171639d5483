/* Pairs of links, one end of which may be a port of a bridge. */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "netlink_link.h"

static int put_peer(struct netlink *netlink, struct netlink_request *request, const struct new_link *peer) {
  size_t info = netlink_nest(request, IFLA_LINKINFO);
  netlink_put_text(request, IFLA_INFO_KIND, "veth");
  size_t data = netlink_nest(request, IFLA_INFO_DATA);
  size_t nested = netlink_nest(request, VETH_INFO_PEER);
  netlink_append(request, sizeof(struct ifinfomsg));
  if (netlink_put_link(netlink, request, peer) != 0)
    return -1;
  netlink_nest_end(request, nested);
  netlink_nest_end(request, data);
  netlink_nest_end(request, info);
  return 0;
}

static int create(struct netlink *netlink, const struct new_link *link, bool up, const char *bridge,
                  const struct new_link *peer) {
  struct netlink_request request;
  struct ifinfomsg message = {.ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};
  int master = *bridge ? netlink_index(netlink, bridge) : 0;
  if (master < 0)
    return -1;
  netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
  if (netlink_put_link(netlink, &request, link) != 0)
    return -1;
  if (master)
    netlink_put_u32(&request, IFLA_MASTER, (uint32_t)master);
  if (put_peer(netlink, &request, peer) != 0)
    return -1;
  return netlink_talk(netlink, &request);
}

/* In one message the kernel sets the flags of a port before it sets the port up. */
static int set_port_and_up(struct netlink *netlink, const char *name, const struct bridge_port *port) {
  struct netlink_request request;
  struct ifinfomsg message = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  netlink_begin(&request, RTM_NEWLINK, 0, &message, sizeof message);
  netlink_put_text(&request, IFLA_IFNAME, name);
  size_t info = netlink_nest(&request, IFLA_LINKINFO);
  netlink_put_text(&request, IFLA_INFO_SLAVE_KIND, "bridge");
  size_t data = netlink_nest(&request, IFLA_INFO_SLAVE_DATA);
  netlink_put_u8(&request, IFLA_BRPORT_MODE, port->hairpin);
  netlink_put_u8(&request, IFLA_BRPORT_ISOLATED, port->isolated);
  netlink_nest_end(&request, data);
  netlink_nest_end(&request, info);
  return netlink_talk(netlink, &request);
}

int netlink_add_veth(struct netlink *netlink, const char *name, const struct bridge_port *port,
                     const struct new_link *peer) {
  struct new_link link = {.name = name, .mac = "", .mtu = peer->mtu};
  /* Creation accepts the flags of a port but ignores them. */
  bool flags = port->hairpin || port->isolated;
  if (create(netlink, &link, !flags, port->bridge, peer) != 0)
    return -1;
  if (!flags || set_port_and_up(netlink, name, port) == 0)
    return 0;
  netlink_discard_link(netlink, name);
  return -1;
}
