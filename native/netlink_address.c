/* Addresses and routes. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "netlink_message.h"

struct address {
  int family;
  uint8_t bytes[16], size, prefix;
};

/* "1.2.3.4", "1.2.3.4/16" and the like; without a prefix it is the whole address. */
static int parse_address(struct netlink *netlink, const char *text, struct address *address) {
  char host[INET6_ADDRSTRLEN];
  size_t size = strcspn(text, "/");
  const char *digits = text[size] ? text + size + 1 : NULL;
  *address = (struct address){.family = memchr(text, ':', size) ? AF_INET6 : AF_INET};
  address->size = address->family == AF_INET6 ? 16 : 4;
  if (size >= sizeof host)
    return netlink_invalid(netlink, "address", text);
  memcpy(host, text, size);
  host[size] = 0;
  unsigned long prefix = address->size * 8ul;
  if (digits) {
    size_t count = strspn(digits, "0123456789");
    prefix = count > 0 && count <= 3 && !digits[count] ? strtoul(digits, NULL, 10) : 999;
  }
  if (inet_pton(address->family, host, address->bytes) != 1 || prefix > address->size * 8ul)
    return netlink_invalid(netlink, "address", text);
  address->prefix = (uint8_t)prefix;
  return 0;
}

static void put_broadcast(struct netlink_request *request, const struct address *address) {
  uint32_t value;
  if (address->family != AF_INET || address->prefix > 30)
    return;
  memcpy(&value, address->bytes, sizeof value);
  value |= htonl(address->prefix ? UINT32_MAX >> address->prefix : UINT32_MAX);
  netlink_put_u32(request, IFA_BROADCAST, value);
}

int netlink_add_address(struct netlink *netlink, const char *link, const char *cidr) {
  struct netlink_request request;
  struct address address;
  int index = netlink_index(netlink, link);
  if (index < 0 || parse_address(netlink, cidr, &address) != 0)
    return -1;
  struct ifaddrmsg message = {
      .ifa_family = (uint8_t)address.family,
      .ifa_prefixlen = address.prefix,
      .ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0,
      .ifa_index = (uint32_t)index,
  };
  netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
  netlink_put(&request, IFA_LOCAL, address.bytes, address.size);
  netlink_put(&request, IFA_ADDRESS, address.bytes, address.size);
  put_broadcast(&request, &address);
  return netlink_talk(netlink, &request);
}

int netlink_add_route(struct netlink *netlink, const char *destination, const char *gateway,
                      const char *link) {
  struct netlink_request request;
  struct address to = {0}, via = {0};
  int index = *link ? netlink_index(netlink, link) : 0;
  if (index < 0 || (*destination && parse_address(netlink, destination, &to) != 0) ||
      (*gateway && parse_address(netlink, gateway, &via) != 0))
    return -1;
  if ((!to.family && !via.family) || (to.family && via.family && to.family != via.family) ||
      (!via.family && !index))
    return netlink_invalid(netlink, "route to", destination);
  struct rtmsg message = {
      .rtm_family = (uint8_t)(to.family ? to.family : via.family),
      .rtm_dst_len = to.prefix,
      .rtm_table = RT_TABLE_MAIN,
      .rtm_protocol = RTPROT_BOOT,
      .rtm_scope = *gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
      .rtm_type = RTN_UNICAST,
  };
  netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
  if (to.family && to.prefix)
    netlink_put(&request, RTA_DST, to.bytes, to.size);
  if (via.family)
    netlink_put(&request, RTA_GATEWAY, via.bytes, via.size);
  if (index)
    netlink_put_u32(&request, RTA_OIF, (uint32_t)index);
  return netlink_talk(netlink, &request);
}
