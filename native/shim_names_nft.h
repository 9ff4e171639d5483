/* Rules for nf_tables: one table with one chain, built message by message into a transaction of nfnetlink.
 * The expressions of a rule all work on one register. */
#pragma once
#include <linux/netfilter/nf_tables.h>

#include "netlink_message.h"

/* Everything in it happens, or nothing. Too much for it sets `failed`. */
struct nft_batch {
  uint8_t bytes[4096];
  size_t size;
  unsigned answers; /* that the kernel will give */
  bool failed;
};

struct nft_rule {
  struct netlink_request request;
  size_t expressions;
};

void nft_begin(struct nft_batch *batch);
/* The table belongs to the socket that sends it: it goes with it, and nobody else can change it. */
void nft_add_table(struct nft_batch *batch, const char *name);
/* A chain of type filter that sees IPv4 packets on their way out, before connection tracking does. */
void nft_add_output_chain(struct nft_batch *batch, const char *table, const char *name);

void nft_rule_begin(struct nft_rule *rule, const char *table, const char *chain);
/* `base`: enum nft_payload_bases. */
void nft_load(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size);
void nft_load_protocol(struct nft_rule *rule);
/* The rule goes on only where the register holds this. */
void nft_compare(struct nft_rule *rule, const void *value, size_t size);
/* Writes a port into the transport header, whose checksum is at `checksum`. */
void nft_store_port(struct nft_rule *rule, uint32_t offset, uint16_t port, uint32_t checksum);
void nft_rule_end(struct nft_batch *batch, struct nft_rule *rule);

/* Sends it, and waits for what the kernel says: 0, or -1 with errno. */
int nft_commit(int fd, struct nft_batch *batch);
