/* What the kinds of links have in common. */
#pragma once
#include "netlink_message.h"

int netlink_check_name(struct netlink *netlink, const char *name);
/* Name and, as far as they are given, hardware address, mtu and network namespace. -1 with EINVAL. */
int netlink_put_link(struct netlink *netlink, struct netlink_request *request, const struct new_link *link);
/* In one message: netlink_add_link without its detour. */
int netlink_create_link(struct netlink *netlink, const struct new_link *link, const struct link_kind *kind);
/* The detour: into link->netns, where it gets its name last. */
int netlink_add_link_renamed(struct netlink *netlink, const struct new_link *link,
                             const struct link_kind *kind);
/* Deletes a link that was made but not finished; errno and the reason stay those of the failure. */
void netlink_discard_link(const struct netlink *netlink, const char *name);
