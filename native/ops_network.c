/* Addresses and routes, in the network namespace of the side that runs the operation. */
#include "ops_network.h"

#include <errno.h>
#include <stdio.h>

int network_connection(struct stage *stage, struct netlink *netlink) {
  if (stage->netlink >= 0) {
    *netlink = (struct netlink){.fd = stage->netlink};
    return 0;
  }
  if (netlink_open(netlink) != 0)
    return -1;
  stage->netlink = netlink->fd;
  return 0;
}

int network_answer(struct stage *stage, const struct netlink *netlink, int result, const char *subject) {
  if (result == 0)
    return 0;
  return blame(stage, netlink->reason[0] ? "%s: %s" : "%s", subject, netlink->reason);
}

int op_address(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  char subject[DETAIL_SIZE];
  const char *link = read_string(in, NULL), *cidr = read_string(in, NULL);
  snprintf(subject, sizeof subject, "%s on %s", cidr, link);
  if (network_connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_add_address(&netlink, link, cidr);
  return result != 0 && errno == EEXIST ? 0 : network_answer(stage, &netlink, result, subject);
}

/* As ip-route(8) writes it. */
static void describe(const struct route *route, char *text, size_t size) {
  snprintf(text, size, "%s%s%s%s%s", *route->destination ? route->destination : "default",
           *route->gateway ? " via " : "", route->gateway, *route->link ? " dev " : "", route->link);
}

int op_route(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  char subject[DETAIL_SIZE];
  struct route route;
  route.destination = read_string(in, NULL);
  route.gateway = read_string(in, NULL);
  route.link = read_string(in, NULL);
  describe(&route, subject, sizeof subject);
  if (network_connection(stage, &netlink) != 0)
    return -1;
  return network_answer(stage, &netlink, netlink_add_route(&netlink, &route, read_bool(in)), subject);
}

int op_route_delete(struct stage *stage, struct reader *in) {
  struct netlink netlink;
  char subject[DETAIL_SIZE];
  struct route route = {.gateway = ""};
  route.destination = read_string(in, NULL);
  route.link = read_string(in, NULL);
  describe(&route, subject, sizeof subject);
  if (network_connection(stage, &netlink) != 0)
    return -1;
  int result = netlink_delete_route(&netlink, &route);
  return result != 0 && errno == ESRCH ? 0 : network_answer(stage, &netlink, result, subject);
}
