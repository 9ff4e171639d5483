#include "shim_names_nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* As nft(8) calls it, `raw`: before connection tracking. */
#define PRIORITY_RAW (-300)
#define REGISTER NFT_REG32_00

/* -- messages */

static void add(struct nft_batch *batch, const struct netlink_request *request) {
  size_t size = NLMSG_ALIGN(request->header.nlmsg_len);
  if (request->failed || size > sizeof batch->bytes - batch->size) {
    batch->failed = true;
    return;
  }
  memcpy(batch->bytes + batch->size, request->bytes, size);
  batch->size += size;
  if (request->header.nlmsg_flags & NLM_F_ACK)
    batch->answers++;
}

static void begin(struct netlink_request *request, uint16_t type, uint16_t flags) {
  struct nfgenmsg body = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};
  netlink_begin(request, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &body, sizeof body);
}

/* Not all kernels acknowledge these. */
static void add_border(struct nft_batch *batch, uint16_t type) {
  struct netlink_request request;
  struct nfgenmsg body = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_begin(&request, type, 0, &body, sizeof body);
  request.header.nlmsg_flags = NLM_F_REQUEST;
  add(batch, &request);
}

static void put_number(struct netlink_request *request, uint16_t type, uint32_t value) {
  netlink_put_u32(request, type, htonl(value));
}

static size_t nest(struct netlink_request *request, uint16_t type) {
  return netlink_nest(request, NLA_F_NESTED | type);
}

void nft_begin(struct nft_batch *batch) {
  *batch = (struct nft_batch){.size = 0};
  add_border(batch, NFNL_MSG_BATCH_BEGIN);
}

void nft_add_table(struct nft_batch *batch, const char *name) {
  struct netlink_request request;
  begin(&request, NFT_MSG_NEWTABLE, NLM_F_CREATE);
  netlink_put_text(&request, NFTA_TABLE_NAME, name);
  put_number(&request, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
  add(batch, &request);
}

void nft_add_output_chain(struct nft_batch *batch, const char *table, const char *name) {
  struct netlink_request request;
  begin(&request, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  netlink_put_text(&request, NFTA_CHAIN_TABLE, table);
  netlink_put_text(&request, NFTA_CHAIN_NAME, name);
  netlink_put_text(&request, NFTA_CHAIN_TYPE, "filter");
  size_t hook = nest(&request, NFTA_CHAIN_HOOK);
  put_number(&request, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  put_number(&request, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY_RAW);
  netlink_nest_end(&request, hook);
  add(batch, &request);
}

/* -- expressions */

struct expression {
  size_t element, data;
};

static struct expression begin_expression(struct netlink_request *request, const char *name) {
  struct expression expression = {.element = nest(request, NFTA_LIST_ELEM)};
  netlink_put_text(request, NFTA_EXPR_NAME, name);
  expression.data = nest(request, NFTA_EXPR_DATA);
  return expression;
}

static void end_expression(struct netlink_request *request, struct expression expression) {
  netlink_nest_end(request, expression.data);
  netlink_nest_end(request, expression.element);
}

static void put_value(struct netlink_request *request, uint16_t type, const void *value, size_t size) {
  size_t data = nest(request, type);
  netlink_put(request, NFTA_DATA_VALUE, value, size);
  netlink_nest_end(request, data);
}

void nft_load(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size) {
  struct expression payload = begin_expression(&rule->request, "payload");
  put_number(&rule->request, NFTA_PAYLOAD_DREG, REGISTER);
  put_number(&rule->request, NFTA_PAYLOAD_BASE, base);
  put_number(&rule->request, NFTA_PAYLOAD_OFFSET, offset);
  put_number(&rule->request, NFTA_PAYLOAD_LEN, size);
  end_expression(&rule->request, payload);
}

void nft_load_protocol(struct nft_rule *rule) {
  struct expression meta = begin_expression(&rule->request, "meta");
  put_number(&rule->request, NFTA_META_DREG, REGISTER);
  put_number(&rule->request, NFTA_META_KEY, NFT_META_L4PROTO);
  end_expression(&rule->request, meta);
}

void nft_compare(struct nft_rule *rule, const void *value, size_t size) {
  struct expression cmp = begin_expression(&rule->request, "cmp");
  put_number(&rule->request, NFTA_CMP_SREG, REGISTER);
  put_number(&rule->request, NFTA_CMP_OP, NFT_CMP_EQ);
  put_value(&rule->request, NFTA_CMP_DATA, value, size);
  end_expression(&rule->request, cmp);
}

void nft_store_port(struct nft_rule *rule, uint32_t offset, uint16_t port, uint32_t checksum) {
  struct expression immediate = begin_expression(&rule->request, "immediate");
  put_number(&rule->request, NFTA_IMMEDIATE_DREG, REGISTER);
  put_value(&rule->request, NFTA_IMMEDIATE_DATA, &port, sizeof port);
  end_expression(&rule->request, immediate);
  struct expression payload = begin_expression(&rule->request, "payload");
  put_number(&rule->request, NFTA_PAYLOAD_SREG, REGISTER);
  put_number(&rule->request, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
  put_number(&rule->request, NFTA_PAYLOAD_OFFSET, offset);
  put_number(&rule->request, NFTA_PAYLOAD_LEN, sizeof port);
  put_number(&rule->request, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
  put_number(&rule->request, NFTA_PAYLOAD_CSUM_OFFSET, checksum);
  end_expression(&rule->request, payload);
}

/* -- rules */

void nft_rule_begin(struct nft_rule *rule, const char *table, const char *chain) {
  begin(&rule->request, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  netlink_put_text(&rule->request, NFTA_RULE_TABLE, table);
  netlink_put_text(&rule->request, NFTA_RULE_CHAIN, chain);
  rule->expressions = nest(&rule->request, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft_batch *batch, struct nft_rule *rule) {
  netlink_nest_end(&rule->request, rule->expressions);
  add(batch, &rule->request);
}

/* -- the kernel */

static int read_answer(int fd) {
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
  } answer;
  ssize_t size;
  do
    size = recv(fd, &answer, sizeof answer, MSG_TRUNC);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    return -1;
  if ((size_t)size < sizeof answer || answer.header.nlmsg_type != NLMSG_ERROR) {
    errno = EPROTO;
    return -1;
  }
  errno = -answer.error.error;
  return answer.error.error == 0 ? 0 : -1;
}

int nft_commit(int fd, struct nft_batch *batch) {
  add_border(batch, NFNL_MSG_BATCH_END);
  if (batch->failed) {
    errno = EMSGSIZE;
    return -1;
  }
  if (send(fd, batch->bytes, batch->size, 0) < 0)
    return -1;
  for (unsigned i = 0; i < batch->answers; i++)
    if (read_answer(fd) < 0)
      return -1;
  return 0;
}
