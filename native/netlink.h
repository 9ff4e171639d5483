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

/* A network namespace: by descriptor, or where that is -1 by one of its processes. */
struct netns {
  int fd;
  pid_t pid;
};

/* mac "" and mtu 0 leave these to the kernel; netns NULL is the socket's own. */
struct new_link {
  const char *name, *mac;
  uint32_t mtu;
  const struct netns *netns;
};

/* A number of `size` 2 or 4 that a kind of link has (IFLA_VLAN_ID and the like); type 0 is none. */
struct link_setting {
  uint16_t type, size;
  uint32_t value;
};

struct link_kind {
  const char *name;
  const char *parent; /* the link of the socket's namespace that it sits on; "" = none */
  struct link_setting settings[2];
};

struct bridge_port {
  const char *bridge; /* "" = none */
  bool hairpin, isolated;
};

/* In the caller's network namespace of this moment. */
int netlink_open(struct netlink *netlink);
/* The index of a link, or -1 with ENODEV. */
int netlink_index(struct netlink *netlink, const char *name);

int netlink_add_link(struct netlink *netlink, const struct new_link *link, const struct link_kind *kind);
/* `name` is a link of the socket's namespace with the mtu of its peer; it is made a port and set up. */
int netlink_add_veth(struct netlink *netlink, const char *name, const struct bridge_port *port,
                     const struct new_link *peer);
/* mtu 0 and rename "" leave what is. */
int netlink_set_link(struct netlink *netlink, const char *name, bool up, uint32_t mtu, const char *rename);
int netlink_delete_link(struct netlink *netlink, const char *name);

/* "10.0.0.2/16", "fd00::2/64": IPv4 with its broadcast address, IPv6 without duplicate address detection. */
int netlink_add_address(struct netlink *netlink, const char *link, const char *cidr);

/* Destination "" = default, by the family of the gateway; gateway "" = on the link itself; link "" = wherever
 * the gateway is. */
struct route {
  const char *destination, *gateway, *link;
};
/* `replace` takes the place of a route to the same destination. */
int netlink_add_route(struct netlink *netlink, const struct route *route, bool replace);
/* -1 with ESRCH when there is none. */
int netlink_delete_route(struct netlink *netlink, const struct route *route);
