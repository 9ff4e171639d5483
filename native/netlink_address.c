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

/* A route whose texts are understood. */
struct parsed_route {
  struct address to, via; /* family 0: not given */
  int index;              /* 0: any link */
};

static int parse_route(struct netlink *netlink, const struct route *route, struct parsed_route *parsed) {
  *parsed = (struct parsed_route){.index = *route->link ? netlink_index(netlink, route->link) : 0};
  if (parsed->index < 0 ||
      (*route->destination && parse_address(netlink, route->destination, &parsed->to) != 0) ||
      (*route->gateway && parse_address(netlink, route->gateway, &parsed->via) != 0))
    return -1;
  return 0;
}

static int talk_route(struct netlink *netlink, uint16_t type, uint16_t flags, struct rtmsg *message,
                      const struct parsed_route *route) {
  struct netlink_request request;
  message->rtm_family = (uint8_t)(route->to.family ? route->to.family : route->via.family);
  message->rtm_dst_len = route->to.prefix;
  message->rtm_table = RT_TABLE_MAIN;
  netlink_begin(&request, type, flags, message, sizeof *message);
  if (route->to.prefix)
    netlink_put(&request, RTA_DST, route->to.bytes, route->to.size);
  if (route->via.family)
    netlink_put(&request, RTA_GATEWAY, route->via.bytes, route->via.size);
  if (route->index)
    netlink_put_u32(&request, RTA_OIF, (uint32_t)route->index);
  return netlink_talk(netlink, &request);
}

int netlink_add_route(struct netlink *netlink, const struct route *route, bool replace) {
  struct parsed_route parsed;
  if (parse_route(netlink, route, &parsed) != 0)
    return -1;
  int to = parsed.to.family, via = parsed.via.family;
  if ((!to && !via) || (to && via && to != via) || (!via && !parsed.index))
    return netlink_invalid(netlink, "route to", route->destination);
  struct rtmsg message = {
      .rtm_protocol = RTPROT_BOOT,
      .rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
      .rtm_type = RTN_UNICAST,
  };
  return talk_route(netlink, RTM_NEWROUTE, NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL), &message,
                    &parsed);
}

int netlink_delete_route(struct netlink *netlink, const struct route *route) {
  struct parsed_route parsed;
  /* Of any kind and scope. */
  struct rtmsg message = {.rtm_scope = RT_SCOPE_NOWHERE};
  if (parse_route(netlink, route, &parsed) != 0)
    return -1;
  if (!parsed.to.family)
    return netlink_invalid(netlink, "destination", route->destination);
  return talk_route(netlink, RTM_DELROUTE, 0, &message, &parsed);
}
