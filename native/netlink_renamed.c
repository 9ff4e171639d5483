/* A link in another network namespace under a name that is taken here. Before Linux 6.14 the kernel looks for
 * it in the wrong one of the two, and so refuses an eth0 for a container where the host has one. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "netlink_link.h"

static int enter(const struct netns *netns) {
  char path[32];
  if (netns->fd >= 0)
    return setns(netns->fd, CLONE_NEWNET);
  snprintf(path, sizeof path, "/proc/%d/ns/net", netns->pid);
  AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
}

/* A socket of another namespace: the only thing of it that a process which stays outside can have. */
static int open_in(struct netlink *netlink, const struct netns *netns) {
  AUTO_CLOSE int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home < 0 || enter(netns) != 0)
    return -1;
  int result = netlink_open(netlink);
  if (setns(home, CLONE_NEWNET) != 0)
    abort(); /* nothing that follows is meant for a container */
  return result;
}

static int create_and_rename(struct netlink *netlink, struct netlink *there, const struct new_link *link,
                             const struct link_kind *kind) {
  char name[IFNAMSIZ];
  snprintf(name, sizeof name, "gantry%d", getpid());
  struct new_link unnamed = *link;
  unnamed.name = name;
  if (netlink_create_link(netlink, &unnamed, kind) != 0)
    return -1;
  if (netlink_set_link(there, name, false, 0, link->name) == 0)
    return 0;
  strcpy(netlink->reason, there->reason);
  netlink_discard_link(there, name);
  return -1;
}

int netlink_add_link_renamed(struct netlink *netlink, const struct new_link *link,
                             const struct link_kind *kind) {
  struct netlink there;
  if (open_in(&there, link->netns) != 0)
    return -1;
  int result = create_and_rename(netlink, &there, link, kind);
  close_fd(&there.fd);
  return result;
}
