/* Links that are born in the network namespace of a container, which this side is not in. */
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "ops_network.h"

static void close_netns(struct netns *netns) {
  close_fd(&netns->fd);
}
#define AUTO_NETNS __attribute__((cleanup(close_netns)))

/* `pid` and `startTime` of an operation: the plan's own child (0), or a process that runs already. */
static int read_netns(struct stage *stage, struct reader *in, const char *link, struct netns *netns) {
  pid_t pid = (pid_t)read_u32(in);
  const char *start_time = read_string(in, NULL);
  char why[DETAIL_SIZE];
  *netns = (struct netns){.fd = -1, .pid = stage->child};
  if (pid == 0 && stage->child)
    return 0;
  if (pid == 0) {
    errno = EINVAL;
    return blame(stage, "%s: no child before clone", link);
  }
  netns->fd = open_network(stage, pid, start_time);
  if (netns->fd >= 0)
    return 0;
  strcpy(why, stage->detail);
  return blame(stage, "%s: %s", link, why);
}

int op_veth(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  struct bridge_port port;
  AUTO_NETNS struct netns netns = {.fd = -1};
  struct new_link peer = {.netns = &netns};
  const char *name = read_string(in, NULL);
  peer.name = read_string(in, NULL);
  peer.mac = read_string(in, NULL);
  port.bridge = read_string(in, NULL);
  peer.mtu = read_u32(in);
  port.hairpin = read_bool(in);
  port.isolated = read_bool(in);
  if (read_netns(stage, in, name, &netns) != 0 || network_connection(stage, &netlink) != 0)
    return -1;
  return network_answer(stage, &netlink, netlink_add_veth(&netlink, name, &port, &peer), name);
}

/* A choice of an operation, and the kernel's number for it. */
struct word {
  const char *text;
  uint32_t value;
};

static const struct word macvlan_modes[] = {{"bridge", MACVLAN_MODE_BRIDGE},
                                            {"private", MACVLAN_MODE_PRIVATE},
                                            {"vepa", MACVLAN_MODE_VEPA},
                                            {"passthru", MACVLAN_MODE_PASSTHRU},
                                            {NULL, 0}};
static const struct word ipvlan_modes[] = {
    {"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}, {NULL, 0}};
static const struct word ipvlan_flags[] = {
    {"bridge", 0}, {"private", IPVLAN_F_PRIVATE}, {"vepa", IPVLAN_F_VEPA}, {NULL, 0}};

static int read_word(struct stage *stage, struct reader *in, const char *link, const struct word *words,
                     uint32_t *value) {
  const char *text = read_string(in, NULL);
  for (; words->text; words++)
    if (strcmp(words->text, text) == 0) {
      *value = words->value;
      return 0;
    }
  errno = EINVAL;
  return blame(stage, "%s: no mode %s", link, text);
}

/* The rest of an operation whose link sits on one of the host. */
static int add_on_parent(struct stage *stage, struct reader *in, struct new_link *link,
                         const struct link_kind *kind) {
  struct netlink netlink;
  char subject[DETAIL_SIZE];
  AUTO_NETNS struct netns netns = {.fd = -1};
  link->mtu = read_u32(in);
  link->netns = &netns;
  snprintf(subject, sizeof subject, "%s on %s", link->name, kind->parent);
  if (read_netns(stage, in, link->name, &netns) != 0 || network_connection(stage, &netlink) != 0)
    return -1;
  return network_answer(stage, &netlink, netlink_add_link(&netlink, link, kind), subject);
}

int op_macvlan(struct stage *stage, struct reader *in) {
  struct new_link link = {.name = read_string(in, NULL)};
  struct link_kind kind = {.name = "macvlan", .parent = read_string(in, NULL)};
  struct link_setting mode = {IFLA_MACVLAN_MODE, sizeof(uint32_t), 0};
  link.mac = read_string(in, NULL);
  if (read_word(stage, in, link.name, macvlan_modes, &mode.value) != 0)
    return -1;
  kind.settings[0] = mode;
  return add_on_parent(stage, in, &link, &kind);
}

int op_ipvlan(struct stage *stage, struct reader *in) {
  struct new_link link = {.name = read_string(in, NULL), .mac = ""};
  struct link_kind kind = {.name = "ipvlan", .parent = read_string(in, NULL)};
  struct link_setting mode = {IFLA_IPVLAN_MODE, sizeof(uint16_t), 0};
  struct link_setting flags = {IFLA_IPVLAN_FLAGS, sizeof(uint16_t), 0};
  if (read_word(stage, in, link.name, ipvlan_modes, &mode.value) != 0 ||
      read_word(stage, in, link.name, ipvlan_flags, &flags.value) != 0)
    return -1;
  kind.settings[0] = mode;
  kind.settings[1] = flags;
  return add_on_parent(stage, in, &link, &kind);
}
