/* Links of any kind: made, changed and deleted. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "netlink_link.h"

#define MAX_MTU 65535

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

static void put_netns(struct netlink_request *request, const struct netns *netns) {
  if (netns->fd >= 0)
    netlink_put_u32(request, IFLA_NET_NS_FD, (uint32_t)netns->fd);
  else
    netlink_put_u32(request, IFLA_NET_NS_PID, (uint32_t)netns->pid);
}

int netlink_put_link(struct netlink *netlink, struct netlink_request *request, const struct new_link *link) {
  uint8_t address[6];
  if (netlink_check_name(netlink, link->name) != 0 ||
      (*link->mac && parse_mac(netlink, link->mac, address) != 0))
    return -1;
  netlink_put_text(request, IFLA_IFNAME, link->name);
  if (*link->mac)
    netlink_put(request, IFLA_ADDRESS, address, sizeof address);
  if (link->netns)
    put_netns(request, link->netns);
  return put_mtu(netlink, request, link->name, link->mtu);
}

static void put_kind(struct netlink_request *request, const struct link_kind *kind) {
  size_t info = netlink_nest(request, IFLA_LINKINFO);
  netlink_put_text(request, IFLA_INFO_KIND, kind->name);
  size_t data = netlink_nest(request, IFLA_INFO_DATA);
  for (size_t i = 0; i < sizeof kind->settings / sizeof *kind->settings; i++) {
    const struct link_setting *setting = &kind->settings[i];
    if (setting->type && setting->size == sizeof(uint16_t))
      netlink_put_u16(request, setting->type, (uint16_t)setting->value);
    else if (setting->type)
      netlink_put_u32(request, setting->type, setting->value);
  }
  netlink_nest_end(request, data);
  netlink_nest_end(request, info);
}

/* To "Unknown device type" the kernel does not say which. */
static void add_kind_to_reason(struct netlink *netlink, const char *kind) {
  size_t used = strlen(netlink->reason);
  snprintf(netlink->reason + used, sizeof netlink->reason - used, used ? ": %s" : "%s", kind);
}

int netlink_create_link(struct netlink *netlink, const struct new_link *link, const struct link_kind *kind) {
  struct netlink_request request;
  struct ifinfomsg message = {.ifi_family = AF_UNSPEC};
  int parent = *kind->parent ? netlink_index(netlink, kind->parent) : 0;
  if (parent < 0)
    return -1;
  netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
  if (netlink_put_link(netlink, &request, link) != 0)
    return -1;
  if (parent)
    netlink_put_u32(&request, IFLA_LINK, (uint32_t)parent);
  put_kind(&request, kind);
  int result = netlink_talk(netlink, &request);
  if (result != 0 && errno == EOPNOTSUPP)
    add_kind_to_reason(netlink, kind->name);
  return result;
}

int netlink_add_link(struct netlink *netlink, const struct new_link *link, const struct link_kind *kind) {
  int result = netlink_create_link(netlink, link, kind);
  if (result != 0 && errno == EEXIST && link->netns)
    return netlink_add_link_renamed(netlink, link, kind);
  return result;
}

int netlink_set_link(struct netlink *netlink, const char *name, bool up, uint32_t mtu, const char *rename) {
  struct netlink_request request;
  struct new_link renamed = {.name = rename, .mac = "", .mtu = mtu};
  int index = netlink_index(netlink, name);
  if (index < 0)
    return -1;
  struct ifinfomsg message = {.ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};
  netlink_begin(&request, RTM_NEWLINK, 0, &message, sizeof message);
  /* Its own name would count as a renaming, which a link that is up refuses before Linux 6.2. */
  if (*rename ? netlink_put_link(netlink, &request, &renamed) : put_mtu(netlink, &request, name, mtu))
    return -1;
  return netlink_talk(netlink, &request);
}

int netlink_delete_link(struct netlink *netlink, const char *name) {
  struct netlink_request request;
  int index = netlink_index(netlink, name);
  if (index < 0)
    return -1;
  struct ifinfomsg message = {.ifi_index = index};
  netlink_begin(&request, RTM_DELLINK, 0, &message, sizeof message);
  return netlink_talk(netlink, &request);
}

void netlink_discard_link(const struct netlink *netlink, const char *name) {
  struct netlink other = {.fd = netlink->fd};
  int saved = errno;
  netlink_delete_link(&other, name);
  errno = saved;
}
