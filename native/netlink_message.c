#include "netlink_message.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void *netlink_append(struct netlink_request *request, size_t size) {
  size_t at = NLMSG_ALIGN(request->header.nlmsg_len), end = at + NLMSG_ALIGN(size);
  if (request->failed || end > sizeof request->bytes) {
    request->failed = true;
    return NULL;
  }
  memset(request->bytes + at, 0, end - at);
  request->header.nlmsg_len = (uint32_t)(at + size);
  return request->bytes + at;
}

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
                   size_t size) {
  memset(request, 0, sizeof *request);
  request->header = (struct nlmsghdr){
      .nlmsg_len = NLMSG_HDRLEN,
      .nlmsg_type = type,
      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
  };
  void *to = netlink_append(request, size);
  if (to)
    memcpy(to, body, size);
}

void netlink_put(struct netlink_request *request, uint16_t type, const void *data, size_t size) {
  struct rtattr *attribute = netlink_append(request, RTA_LENGTH(size));
  if (!attribute)
    return;
  attribute->rta_type = type;
  attribute->rta_len = (uint16_t)RTA_LENGTH(size);
  if (size)
    memcpy(RTA_DATA(attribute), data, size);
}

void netlink_put_u8(struct netlink_request *request, uint16_t type, uint8_t value) {
  netlink_put(request, type, &value, sizeof value);
}

void netlink_put_u16(struct netlink_request *request, uint16_t type, uint16_t value) {
  netlink_put(request, type, &value, sizeof value);
}

void netlink_put_u32(struct netlink_request *request, uint16_t type, uint32_t value) {
  netlink_put(request, type, &value, sizeof value);
}

void netlink_put_text(struct netlink_request *request, uint16_t type, const char *text) {
  netlink_put(request, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_request *request, uint16_t type) {
  size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
  netlink_put(request, type, NULL, 0);
  return at;
}

void netlink_nest_end(struct netlink_request *request, size_t at) {
  if (!request->failed)
    ((struct rtattr *)(void *)(request->bytes + at))->rta_len = (uint16_t)(request->header.nlmsg_len - at);
}

/* The text attribute behind an acknowledgement (NLMSGERR_ATTR_MSG). */
static void explain(struct netlink *netlink, const struct nlmsghdr *header) {
  size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nlmsgerr));
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
    return;
  while (at + sizeof(struct nlattr) <= header->nlmsg_len) {
    const struct nlattr *attribute = (const void *)((const uint8_t *)header + at);
    if (attribute->nla_len < sizeof *attribute || at + attribute->nla_len > header->nlmsg_len)
      return;
    if ((attribute->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
      snprintf(netlink->reason, sizeof netlink->reason, "%.*s", (int)(attribute->nla_len - sizeof *attribute),
               (const char *)(attribute + 1));
    at += NLA_ALIGN(attribute->nla_len);
  }
}

int netlink_talk(struct netlink *netlink, struct netlink_request *request) {
  union {
    struct nlmsghdr header;
    uint8_t bytes[4096];
  } reply;
  netlink->reason[0] = 0;
  if (request->failed) {
    errno = EMSGSIZE;
    return -1;
  }
  if (send(netlink->fd, request->bytes, request->header.nlmsg_len, 0) < 0)
    return -1;
  ssize_t size;
  do
    size = recv(netlink->fd, &reply, sizeof reply, 0);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    return -1;
  const struct nlmsgerr *error = NLMSG_DATA(&reply.header);
  if ((size_t)size < NLMSG_LENGTH(sizeof *error) || reply.header.nlmsg_len > (size_t)size ||
      reply.header.nlmsg_type != NLMSG_ERROR) {
    errno = EPROTO;
    return -1;
  }
  if (error->error == 0)
    return 0;
  explain(netlink, &reply.header);
  errno = -error->error;
  return -1;
}

int netlink_invalid(struct netlink *netlink, const char *what, const char *value) {
  snprintf(netlink->reason, sizeof netlink->reason, "invalid %s: %.60s", what, value);
  errno = EINVAL;
  return -1;
}
