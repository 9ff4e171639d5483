/* The socket, and links. */
#include "netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink_message.h"

#define MAX_MTU 65535

int netlink_open(struct netlink *netlink) {
  int on = 1;
  netlink->reason[0] = 0;
  netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink->fd < 0)
    return -1;
  /* Explanations are a convenience: without them the errno is still there. */
  setsockopt(netlink->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(netlink->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return 0;
}

static int check_name(struct netlink *netlink, const char *name) {
  size_t size = strlen(name);
  return size == 0 || size >= IFNAMSIZ || strchr(name, '/') ? netlink_invalid(netlink, "link name", name) : 0;
}

int netlink_index(struct netlink *netlink, const char *name) {
  struct ifreq request = {0};
  if (check_name(netlink, name) != 0)
    return -1;
  strcpy(request.ifr_name, name);
  if (ioctl(netlink->fd, SIOCGIFINDEX, &request) == 0)
    return request.ifr_ifindex;
  snprintf(netlink->reason, sizeof netlink->reason, "no link %s", name);
  return -1;
}

static int parse_mac(struct netlink *netlink, const char *text, uint8_t mac[6]) {
  int end = 0;
  unsigned part[6];
  if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", part, part + 1, part + 2, part + 3, part + 4, part + 5,
             &end) != 6 ||
      text[end])
    return netlink_invalid(netlink, "hardware address", text);
  for (int i = 0; i < 6; i++)
    mac[i] = (uint8_t)part[i];
  return 0;
}

static int put_mtu(struct netlink *netlink, struct netlink_request *request, const char *name, uint32_t mtu) {
  if (mtu > MAX_MTU)
    return netlink_invalid(netlink, "mtu of", name);
  if (mtu)
    netlink_put_u32(request, IFLA_MTU, mtu);
  return 0;
}

/* Name, hardware address and mtu, the latter as far as they are given. */
static int put_link(struct netlink *netlink, struct netlink_request *request, const char *name,
                    const char *mac, uint32_t mtu) {
  uint8_t address[6];
  if (check_name(netlink, name) != 0 || (*mac && parse_mac(netlink, mac, address) != 0))
    return -1;
  netlink_put_text(request, IFLA_IFNAME, name);
  if (*mac)
    netlink_put(request, IFLA_ADDRESS, address, sizeof address);
  return put_mtu(netlink, request, name, mtu);
}

static int put_peer(struct netlink *netlink, struct netlink_request *request, const char *peer,
                    const char *mac, uint32_t mtu, pid_t pid) {
  size_t info = netlink_nest(request, IFLA_LINKINFO);
  netlink_put_text(request, IFLA_INFO_KIND, "veth");
  size_t data = netlink_nest(request, IFLA_INFO_DATA);
  size_t nested = netlink_nest(request, VETH_INFO_PEER);
  netlink_append(request, sizeof(struct ifinfomsg));
  if (put_link(netlink, request, peer, mac, mtu) != 0)
    return -1;
  netlink_put_u32(request, IFLA_NET_NS_PID, (uint32_t)pid);
  netlink_nest_end(request, nested);
  netlink_nest_end(request, data);
  netlink_nest_end(request, info);
  return 0;
}

int netlink_add_veth(struct netlink *netlink, const char *name, const char *peer, const char *peer_mac,
                     const char *bridge, uint32_t mtu, pid_t pid) {
  struct netlink_request request;
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  int master = *bridge ? netlink_index(netlink, bridge) : 0;
  if (master < 0)
    return -1;
  netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  if (put_link(netlink, &request, name, "", mtu) != 0)
    return -1;
  if (master)
    netlink_put_u32(&request, IFLA_MASTER, (uint32_t)master);
  if (put_peer(netlink, &request, peer, peer_mac, mtu, pid) != 0)
    return -1;
  return netlink_talk(netlink, &request);
}

int netlink_add_bridge(struct netlink *netlink, const char *name, const char *mac, uint32_t mtu) {
  struct netlink_request request;
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
  netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  if (put_link(netlink, &request, name, mac, mtu) != 0)
    return -1;
  size_t info = netlink_nest(&request, IFLA_LINKINFO);
  netlink_put_text(&request, IFLA_INFO_KIND, "bridge");
  netlink_nest_end(&request, info);
  return netlink_talk(netlink, &request);
}

int netlink_set_link(struct netlink *netlink, const char *name, bool up, uint32_t mtu, const char *rename) {
  struct netlink_request request;
  int index = netlink_index(netlink, name);
  if (index < 0)
    return -1;
  struct ifinfomsg link = {.ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};
  netlink_begin(&request, RTM_NEWLINK, 0, &link, sizeof link);
  /* Its own name would count as a renaming, which a link that is up refuses before Linux 6.2. */
  if (*rename ? put_link(netlink, &request, rename, "", mtu) : put_mtu(netlink, &request, name, mtu))
    return -1;
  return netlink_talk(netlink, &request);
}

int netlink_delete_link(struct netlink *netlink, const char *name) {
  struct netlink_request request;
  int index = netlink_index(netlink, name);
  if (index < 0)
    return -1;
  struct ifinfomsg link = {.ifi_index = index};
  netlink_begin(&request, RTM_DELLINK, 0, &link, sizeof link);
  return netlink_talk(netlink, &request);
}
