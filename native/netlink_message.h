/* One rtnetlink message: built attribute by attribute, sent, and its acknowledgement read. */
#pragma once
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

/* A message under construction; too much for it sets `failed`. */
struct netlink_request {
  union {
    struct nlmsghdr header;
    uint8_t bytes[1024];
  };
  bool failed;
};

/* `body` is what follows the header: struct ifinfomsg, ifaddrmsg or rtmsg. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
                   size_t size);
/* Zeroed room without a header; NULL and `failed` when there is none. */
void *netlink_append(struct netlink_request *request, size_t size);
void netlink_put(struct netlink_request *request, uint16_t type, const void *data, size_t size);
void netlink_put_u8(struct netlink_request *request, uint16_t type, uint8_t value);
void netlink_put_u16(struct netlink_request *request, uint16_t type, uint16_t value);
void netlink_put_u32(struct netlink_request *request, uint16_t type, uint32_t value);
void netlink_put_text(struct netlink_request *request, uint16_t type, const char *text);
/* Attributes put until netlink_nest_end, which takes what this returned, are inside of this one. */
size_t netlink_nest(struct netlink_request *request, uint16_t type);
void netlink_nest_end(struct netlink_request *request, size_t at);
/* 0, or -1 with errno and netlink->reason. */
int netlink_talk(struct netlink *netlink, struct netlink_request *request);
/* Says that a value given to us is impossible: -1 with EINVAL. */
int netlink_invalid(struct netlink *netlink, const char *what, const char *value);
