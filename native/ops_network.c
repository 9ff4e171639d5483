/* Links, addresses and routes, in the network namespace of the side that runs the operation. */
#include <errno.h>
#include <unistd.h>

#include "netlink.h"
#include "ops.h"

/* One socket per side, opened at the first use: on the inside after the clone, so in the child's namespace.
 */
static int connection(struct stage *stage, struct netlink *netlink) {
  if (stage->netlink >= 0) {
    *netlink = (struct netlink){.fd = stage->netlink};
    return 0;
  }
  if (netlink_open(netlink) != 0)
    return -1;
  stage->netlink = netlink->fd;
  return 0;
}

/* Adds the kernel's reason to what is already said. */
static int answer(struct stage *stage, const struct netlink *netlink, int result, const char *name) {
  if (result == 0)
    return 0;
  return blame(stage, netlink->reason[0] ? "%s: %s" : "%s", name, netlink->reason);
}

int op_veth(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *name = read_string(in, NULL), *peer = read_string(in, NULL), *mac = read_string(in, NULL);
  const char *bridge = read_string(in, NULL);
  uint32_t mtu = read_u32(in);
  if (!stage->child) {
    errno = EINVAL;
    return blame(stage, "veth before clone");
  }
  if (connection(stage, &netlink) != 0)
    return -1;
  return answer(stage, &netlink, netlink_add_veth(&netlink, name, peer, mac, bridge, mtu, stage->child),
                name);
}

int op_bridge(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *name = read_string(in, NULL), *mac = read_string(in, NULL);
  if (connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_add_bridge(&netlink, name, mac, read_u32(in));
  return result != 0 && errno == EEXIST ? 0 : answer(stage, &netlink, result, name);
}

int op_link(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *name = read_string(in, NULL);
  bool up = read_bool(in);
  uint32_t mtu = read_u32(in);
  if (connection(stage, &netlink) != 0)
    return -1;
  return answer(stage, &netlink, netlink_set_link(&netlink, name, up, mtu, read_string(in, NULL)), name);
}

int op_address(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *link = read_string(in, NULL), *cidr = read_string(in, NULL);
  if (connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_add_address(&netlink, link, cidr);
  return result != 0 && errno == EEXIST ? 0 : answer(stage, &netlink, result, cidr);
}

int op_route(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *destination = read_string(in, NULL), *gateway = read_string(in, NULL);
  if (connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_add_route(&netlink, destination, gateway, read_string(in, NULL));
  return answer(stage, &netlink, result, *destination ? destination : gateway);
}

int op_link_delete(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *name = read_string(in, NULL);
  return connection(stage, &netlink) != 0
             ? -1
             : answer(stage, &netlink, netlink_delete_link(&netlink, name), name);
}
