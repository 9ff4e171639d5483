#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_MTU 65535

/* A message under construction; too much for it sets `failed`. */
struct request {
  union {
    struct nlmsghdr header;
    uint8_t bytes[1024];
  };
  bool failed;
};

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

static void *append(struct request *request, size_t size) {
  size_t at = NLMSG_ALIGN(request->header.nlmsg_len), end = at + NLMSG_ALIGN(size);
  if (request->failed || end > sizeof request->bytes) {
    request->failed = true;
    return NULL;
  }
  memset(request->bytes + at, 0, end - at);
  request->header.nlmsg_len = (uint32_t)(at + size);
  return request->bytes + at;
}

static void begin(struct request *request, uint16_t type, uint16_t flags, const void *body, size_t size) {
  memset(request, 0, sizeof *request);
  request->header = (struct nlmsghdr){
      .nlmsg_len = NLMSG_HDRLEN,
      .nlmsg_type = type,
      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
  };
  void *to = append(request, size);
  if (to)
    memcpy(to, body, size);
}

static void put(struct request *request, uint16_t type, const void *data, size_t size) {
  struct rtattr *attribute = append(request, RTA_LENGTH(size));
  if (!attribute)
    return;
  attribute->rta_type = type;
  attribute->rta_len = (uint16_t)RTA_LENGTH(size);
  if (size)
    memcpy(RTA_DATA(attribute), data, size);
}

static void put_u32(struct request *request, uint16_t type, uint32_t value) {
  put(request, type, &value, sizeof value);
}

static void put_text(struct request *request, uint16_t type, const char *text) {
  put(request, type, text, strlen(text) + 1);
}

/* Attributes put until `nest_end` are inside of this one. */
static size_t nest_begin(struct request *request, uint16_t type) {
  size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
  put(request, type, NULL, 0);
  return at;
}

static void nest_end(struct request *request, size_t at) {
  if (!request->failed)
    ((struct rtattr *)(void *)(request->bytes + at))->rta_len = (uint16_t)(request->header.nlmsg_len - at);
}

/* The text attribute behind an acknowledgement (NLMSGERR_ATTR_MSG). */
static void explain(struct netlink *netlink, const struct nlmsghdr *header) {
  size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nlmsgerr));
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
    return;
  while (at + sizeof(struct nlattr) <= header->nlmsg_len) {
    const struct nlattr *attribute = (const void *)((const uint8_t *)header + at);
    if (attribute->nla_len < sizeof *attribute || at + attribute->nla_len > header->nlmsg_len)
      return;
    if ((attribute->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
      snprintf(netlink->reason, sizeof netlink->reason, "%.*s", (int)(attribute->nla_len - sizeof *attribute),
               (const char *)(attribute + 1));
    at += NLA_ALIGN(attribute->nla_len);
  }
}

static int talk(struct netlink *netlink, struct request *request) {
  union {
    struct nlmsghdr header;
    uint8_t bytes[4096];
  } reply;
  netlink->reason[0] = 0;
  if (request->failed) {
    errno = EMSGSIZE;
    return -1;
  }
  if (send(netlink->fd, request->bytes, request->header.nlmsg_len, 0) < 0)
    return -1;
  ssize_t size;
  do
    size = recv(netlink->fd, &reply, sizeof reply, 0);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    return -1;
  const struct nlmsgerr *error = NLMSG_DATA(&reply.header);
  if ((size_t)size < NLMSG_LENGTH(sizeof *error) || reply.header.nlmsg_len > (size_t)size ||
      reply.header.nlmsg_type != NLMSG_ERROR) {
    errno = EPROTO;
    return -1;
  }
  if (error->error == 0)
    return 0;
  explain(netlink, &reply.header);
  errno = -error->error;
  return -1;
}

static int invalid(struct netlink *netlink, const char *what, const char *value) {
  snprintf(netlink->reason, sizeof netlink->reason, "invalid %s: %.60s", what, value);
  errno = EINVAL;
  return -1;
}

static int check_name(struct netlink *netlink, const char *name) {
  size_t size = strlen(name);
  return size == 0 || size >= IFNAMSIZ || strchr(name, '/') ? invalid(netlink, "link name", name) : 0;
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
    return invalid(netlink, "hardware address", text);
  for (int i = 0; i < 6; i++)
    mac[i] = (uint8_t)part[i];
  return 0;
}

/* Name, hardware address and mtu as far as they are given. */
static int put_link(struct netlink *netlink, struct request *request, const char *name, const char *mac,
                    uint32_t mtu) {
  uint8_t address[6];
  if (check_name(netlink, name) != 0 || (*mac && parse_mac(netlink, mac, address) != 0))
    return -1;
  if (mtu > MAX_MTU)
    return invalid(netlink, "mtu of", name);
  put_text(request, IFLA_IFNAME, name);
  if (*mac)
    put(request, IFLA_ADDRESS, address, sizeof address);
  if (mtu)
    put_u32(request, IFLA_MTU, mtu);
  return 0;
}

static int put_peer(struct netlink *netlink, struct request *request, const char *peer, const char *mac,
                    uint32_t mtu, pid_t pid) {
  size_t info = nest_begin(request, IFLA_LINKINFO);
  put_text(request, IFLA_INFO_KIND, "veth");
  size_t data = nest_begin(request, IFLA_INFO_DATA);
  size_t nested = nest_begin(request, VETH_INFO_PEER);
  append(request, sizeof(struct ifinfomsg));
  if (put_link(netlink, request, peer, mac, mtu) != 0)
    return -1;
  put_u32(request, IFLA_NET_NS_PID, (uint32_t)pid);
  nest_end(request, nested);
  nest_end(request, data);
  nest_end(request, info);
  return 0;
}

int netlink_add_veth(struct netlink *netlink, const char *name, const char *peer, const char *peer_mac,
                     const char *bridge, uint32_t mtu, pid_t pid) {
  struct request request;
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  int master = *bridge ? netlink_index(netlink, bridge) : 0;
  if (master < 0)
    return -1;
  begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  if (put_link(netlink, &request, name, "", mtu) != 0)
    return -1;
  if (master)
    put_u32(&request, IFLA_MASTER, (uint32_t)master);
  if (put_peer(netlink, &request, peer, peer_mac, mtu, pid) != 0)
    return -1;
  return talk(netlink, &request);
}

int netlink_add_bridge(struct netlink *netlink, const char *name, const char *mac, uint32_t mtu) {
  struct request request;
  struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
  begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  if (put_link(netlink, &request, name, mac, mtu) != 0)
    return -1;
  size_t info = nest_begin(&request, IFLA_LINKINFO);
  put_text(&request, IFLA_INFO_KIND, "bridge");
  nest_end(&request, info);
  return talk(netlink, &request);
}

int netlink_set_link(struct netlink *netlink, const char *name, bool up, uint32_t mtu, const char *rename) {
  struct request request;
  int index = netlink_index(netlink, name);
  if (index < 0)
    return -1;
  struct ifinfomsg link = {.ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};
  begin(&request, RTM_NEWLINK, 0, &link, sizeof link);
  if (put_link(netlink, &request, *rename ? rename : name, "", mtu) != 0)
    return -1;
  return talk(netlink, &request);
}

int netlink_delete_link(struct netlink *netlink, const char *name) {
  struct request request;
  int index = netlink_index(netlink, name);
  if (index < 0)
    return -1;
  struct ifinfomsg link = {.ifi_index = index};
  begin(&request, RTM_DELLINK, 0, &link, sizeof link);
  return talk(netlink, &request);
}

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
    return invalid(netlink, "address", text);
  memcpy(host, text, size);
  host[size] = 0;
  unsigned long prefix = address->size * 8ul;
  if (digits) {
    size_t count = strspn(digits, "0123456789");
    prefix = count > 0 && count <= 3 && !digits[count] ? strtoul(digits, NULL, 10) : 999;
  }
  if (inet_pton(address->family, host, address->bytes) != 1 || prefix > address->size * 8ul)
    return invalid(netlink, "address", text);
  address->prefix = (uint8_t)prefix;
  return 0;
}

static void put_broadcast(struct request *request, const struct address *address) {
  uint32_t value;
  if (address->family != AF_INET || address->prefix > 30)
    return;
  memcpy(&value, address->bytes, sizeof value);
  value |= htonl(address->prefix ? UINT32_MAX >> address->prefix : UINT32_MAX);
  put_u32(request, IFA_BROADCAST, value);
}

int netlink_add_address(struct netlink *netlink, const char *link, const char *cidr) {
  struct request request;
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
  begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
  put(&request, IFA_LOCAL, address.bytes, address.size);
  put(&request, IFA_ADDRESS, address.bytes, address.size);
  put_broadcast(&request, &address);
  return talk(netlink, &request);
}

int netlink_add_route(struct netlink *netlink, const char *destination, const char *gateway,
                      const char *link) {
  struct request request;
  struct address to = {0}, via = {0};
  int index = *link ? netlink_index(netlink, link) : 0;
  if (index < 0 || (*destination && parse_address(netlink, destination, &to) != 0) ||
      (*gateway && parse_address(netlink, gateway, &via) != 0))
    return -1;
  if ((!to.family && !via.family) || (to.family && via.family && to.family != via.family) ||
      (!via.family && !index))
    return invalid(netlink, "route to", destination);
  struct rtmsg message = {
      .rtm_family = (uint8_t)(to.family ? to.family : via.family),
      .rtm_dst_len = to.prefix,
      .rtm_table = RT_TABLE_MAIN,
      .rtm_protocol = RTPROT_BOOT,
      .rtm_scope = *gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
      .rtm_type = RTN_UNICAST,
  };
  begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
  if (to.family && to.prefix)
    put(&request, RTA_DST, to.bytes, to.size);
  if (via.family)
    put(&request, RTA_GATEWAY, via.bytes, via.size);
  if (index)
    put_u32(&request, RTA_OIF, (uint32_t)index);
  return talk(netlink, &request);
}
