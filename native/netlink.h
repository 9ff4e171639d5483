/* A small rtnetlink client: one request, one acknowledgement. All return 0 (or a descriptor or index), or -1
 * with errno; the kernel's own explanation, when it has one, is in `reason`. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct netlink {
  int fd;
  char reason[128];
};

/* In the caller's network namespace of this moment. */
int netlink_open(struct netlink *netlink);
/* The index of a link, or -1 with ENODEV. */
int netlink_index(struct netlink *netlink, const char *name);

/* `peer` appears in the network namespace of process `pid`; `name` is enslaved to `bridge` ("" = to none) and
 * set up. */
int netlink_add_veth(struct netlink *netlink, const char *name, const char *peer, const char *peer_mac,
                     const char *bridge, uint32_t mtu, pid_t pid);
/* "" and 0 leave the hardware address and mtu to the kernel. */
int netlink_add_bridge(struct netlink *netlink, const char *name, const char *mac, uint32_t mtu);
/* mtu 0 and rename "" leave what is. */
int netlink_set_link(struct netlink *netlink, const char *name, bool up, uint32_t mtu, const char *rename);
int netlink_delete_link(struct netlink *netlink, const char *name);
/* "10.0.0.2/16", "fd00::2/64": IPv4 with its broadcast address, IPv6 without duplicate address detection. */
int netlink_add_address(struct netlink *netlink, const char *link, const char *cidr);
/* destination "" = default; gateway "" = on the link itself; link "" = wherever the gateway is. */
int netlink_add_route(struct netlink *netlink, const char *destination, const char *gateway,
                      const char *link);
