/* The socket, and what is asked of it without a message. */
#include "netlink.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink_link.h"
#include "netlink_message.h"

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

int netlink_check_name(struct netlink *netlink, const char *name) {
  size_t size = strlen(name);
  return size == 0 || size >= IFNAMSIZ || strchr(name, '/') ? netlink_invalid(netlink, "link name", name) : 0;
}

int netlink_index(struct netlink *netlink, const char *name) {
  struct ifreq request = {0};
  if (netlink_check_name(netlink, name) != 0)
    return -1;
  strcpy(request.ifr_name, name);
  if (ioctl(netlink->fd, SIOCGIFINDEX, &request) == 0)
    return request.ifr_ifindex;
  snprintf(netlink->reason, sizeof netlink->reason, "no link %s", name);
  return -1;
}
