/* Port 53 of 127.0.0.11 leads to the ports that we were given, by rewriting the port of each packet on its
 * way out and back. As nft(8) would write it:
 *
 *   table ip gantry-names {
 *     flags owner
 *     chain output {
 *       type filter hook output priority raw
 *       ip daddr 127.0.0.11 udp dport 53 udp dport set UDP_PORT
 *       ip saddr 127.0.0.11 udp sport UDP_PORT udp sport set 53
 *       (the same two for tcp)
 *     }
 *   }
 *
 * No address translation, so no connection tracking in the container. `owner`: the table goes with our
 * socket, and nobody else can change it (`nft flush ruleset` in the container leaves it out). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "files.h"
#include "shim_names.h"
#include "shim_names_nft.h"

#define TABLE "gantry-names"
#define CHAIN "output"

/* Offsets in the headers of IPv4, UDP and TCP (which agree on the ports). */
#define IP_SOURCE 12
#define IP_DESTINATION 16
#define SOURCE_PORT 0
#define DESTINATION_PORT 2
#define UDP_CHECKSUM 6
#define TCP_CHECKSUM 16

/* One direction of one protocol: where `from` is the port, `to` takes its place (network byte order). */
struct direction {
  uint8_t protocol;
  uint32_t checksum, address, port;
  uint16_t from, to;
};

static void add_rule(struct nft_batch *batch, const struct direction *direction) {
  struct nft_rule rule;
  uint32_t server = htonl(NAMES_ADDRESS);
  nft_rule_begin(&rule, TABLE, CHAIN);
  nft_load(&rule, NFT_PAYLOAD_NETWORK_HEADER, direction->address, sizeof server);
  nft_compare(&rule, &server, sizeof server);
  nft_load_protocol(&rule);
  nft_compare(&rule, &direction->protocol, sizeof direction->protocol);
  nft_load(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, direction->port, sizeof direction->from);
  nft_compare(&rule, &direction->from, sizeof direction->from);
  nft_store_port(&rule, direction->port, direction->to, direction->checksum);
  nft_rule_end(batch, &rule);
}

static void add_rules(struct nft_batch *batch, uint16_t udp_port, uint16_t tcp_port) {
  uint16_t domain = htons(53);
  const struct direction directions[] = {
      {IPPROTO_UDP, UDP_CHECKSUM, IP_DESTINATION, DESTINATION_PORT, domain, udp_port},
      {IPPROTO_UDP, UDP_CHECKSUM, IP_SOURCE, SOURCE_PORT, udp_port, domain},
      {IPPROTO_TCP, TCP_CHECKSUM, IP_DESTINATION, DESTINATION_PORT, domain, tcp_port},
      {IPPROTO_TCP, TCP_CHECKSUM, IP_SOURCE, SOURCE_PORT, tcp_port, domain},
  };
  for (size_t i = 0; i < sizeof directions / sizeof *directions; i++)
    add_rule(batch, &directions[i]);
}

int names_redirect(uint16_t udp_port, uint16_t tcp_port) {
  struct nft_batch batch;
  AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (fd < 0)
    return -1;
  nft_begin(&batch);
  nft_add_table(&batch, TABLE);
  nft_add_output_chain(&batch, TABLE, CHAIN);
  add_rules(&batch, udp_port, tcp_port);
  return nft_commit(fd, &batch) < 0 ? -1 : keep_fd(&fd);
}
