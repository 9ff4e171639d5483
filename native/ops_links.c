/* Links of the network namespace of the side that runs the operation. */
#include <errno.h>
#include <linux/if_link.h>

#include "ops_network.h"

int op_bridge(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  struct link_kind kind = {.name = "bridge", .parent = ""};
  struct new_link link = {.netns = NULL};
  link.name = read_string(in, NULL);
  link.mac = read_string(in, NULL);
  link.mtu = read_u32(in);
  if (network_connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_add_link(&netlink, &link, &kind);
  return result != 0 && errno == EEXIST ? 0 : network_answer(stage, &netlink, result, link.name);
}

int op_dummy(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  struct link_kind kind = {.name = "dummy", .parent = ""};
  struct new_link link = {.name = read_string(in, NULL), .mac = ""};
  if (network_connection(stage, &netlink) != 0)
    return -1;
  return network_answer(stage, &netlink, netlink_add_link(&netlink, &link, &kind), link.name);
}

int op_vlan(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  struct new_link link = {.name = read_string(in, NULL), .mac = ""};
  struct link_kind kind = {.name = "vlan", .parent = read_string(in, NULL)};
  uint32_t id = read_u32(in);
  if (id > UINT16_MAX) {
    errno = ERANGE;
    return blame(stage, "%s: vlan %u", link.name, id);
  }
  kind.settings[0] = (struct link_setting){IFLA_VLAN_ID, sizeof(uint16_t), id};
  if (network_connection(stage, &netlink) != 0)
    return -1;
  return network_answer(stage, &netlink, netlink_add_link(&netlink, &link, &kind), link.name);
}

int op_link(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *name = read_string(in, NULL);
  bool up = read_bool(in);
  uint32_t mtu = read_u32(in);
  if (network_connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_set_link(&netlink, name, up, mtu, read_string(in, NULL));
  return network_answer(stage, &netlink, result, name);
}

int op_link_delete(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  const char *name = read_string(in, NULL);
  if (network_connection(stage, &netlink) != 0)
    return -1;
  return network_answer(stage, &netlink, netlink_delete_link(&netlink, name), name);
}
