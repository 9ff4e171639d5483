/* Names for the container: what is asked at 127.0.0.11 inside its network namespace goes to the daemon, and
 * the answers come back (src/shim/protocol.ts, docs/decisions/0013-names.md).
 *
 *   shim_names.c           begins and ends it; what becomes of a query in time
 *   shim_names_sockets.c   the sockets inside the container's network namespace, and datagrams
 *   shim_names_redirect.c  the rules by which port 53 leads to them (shim_names_nft.c writes them)
 *   shim_names_stream.c    DNS over TCP
 *   shim_names_table.c     the queries that wait for an answer
 *   shim_names_link.c      the connection to the daemon
 *   shim_names_kept.c      the last good answers, for when the daemon is away
 *   shim_names_message.c   the little that is read of a DNS message
 *
 * Whatever the container does, at most NAMES_QUERIES queries, NAMES_KEPT answers and NAMES_STREAMS
 * connections (shim_names_stream.c) take memory here. Nothing of it exists before names are served. */
#pragma once
#include <netinet/in.h>

#include "protocol.h"
#include "shim_loop.h"
#include "stream_queue.h"

#define NAMES_QUERIES 256u
#define NAMES_KEPT 64u
#define NAMES_HEADER 12u
/* 127.0.0.11 */
#define NAMES_ADDRESS 0x7f00000bu

struct names_stream;
struct names_kept;

struct names_query {
  uint16_t id;        /* between us and the daemon, in place of the client's, which others may use too */
  uint16_t client_id; /* put back into the answer */
  bool sent;          /* on the connection that is open now */
  bool late;          /* it was looked for among what is kept, in vain */
  uint64_t arrived;   /* ms */
  struct names_stream *stream; /* NULL: a datagram, from `peer` */
  struct sockaddr_in peer;
  size_t size, question; /* bytes of all, and of the question section (0: not one that we can read) */
  uint8_t message[];
};

struct names_link {
  struct source source; /* fd -1: the daemon is away, as far as we know */
  struct queue out;     /* what did not fit of one frame; the next waits for it in the table */
  uint8_t *rest;        /* the beginning of a frame whose end is still to come */
  size_t rest_size;
  uint64_t next_try; /* ms: not sooner */
};

struct names {
  char *path; /* of the daemon's socket */
  struct source datagrams, listener;
  int redirect; /* the rules live as long as this socket */
  struct names_link link;
  struct names_stream *streams;
  struct names_query *queries[NAMES_QUERIES];
  unsigned waiting; /* how many of them there are */
  uint8_t serial;
  struct names_kept *kept[NAMES_KEPT];
};

extern struct names *names; /* NULL: not served */

/* -- shim_names.c, for the rest of the shim */
/* Serves names to the container, by the daemon that listens at `path`. Once it does, again only changes the
 * path. -1 with errno, and *step says what was being done. */
int names_serve(const char *path, const char **step);
/* Lets go of the container's network namespace. */
void names_close(void);
/* Ms until something has to be done, or -1. Does what is due. */
int names_timers(uint64_t now);

/* -- shim_names.c */
/* To the daemon, or, when that is away, an answer that was kept; otherwise it waits. */
void names_ask(struct names_query *query);
/* Sends `message` to whoever asked, under the id that he used, and ends the query. */
void names_answer(struct names_query *query, const uint8_t *message, size_t size);

/* -- shim_names_sockets.c */
int names_open_inside(struct names *to, pid_t pid, const char **step);

/* -- shim_names_redirect.c */
/* In the caller's network namespace of this moment: what is sent to port 53 of 127.0.0.11 arrives at these
 * ports (network byte order). A socket to be kept, or -1 with errno. */
int names_redirect(uint16_t udp_port, uint16_t tcp_port);

/* -- shim_names_stream.c */
void names_streams_accept(struct source *listener, uint32_t events);
void names_streams_close(void);
/* One message, in pieces. */
void names_stream_send(struct names_stream *stream, const struct iovec *parts, int count);
/* One of its queries more, or less, waits for an answer. */
void names_stream_count(struct names_stream *stream, int change);
int names_stream_timers(uint64_t now);

/* -- shim_names_table.c */
/* A copy with an id of its own. The oldest query makes room when there is none. NULL: not a query, or out of
 * memory. */
struct names_query *names_query_begin(const uint8_t *message, size_t size, struct names_stream *stream);
void names_query_end(struct names_query *query);
struct names_query *names_query_find(uint16_t id);
/* Ends what came by this connection, or (NULL) everything. */
void names_queries_end(const struct names_stream *stream);

/* -- shim_names_link.c */
/* Connects when there is no connection and it is time to try. False: the daemon is away. */
bool names_link_open(void);
void names_link_send(struct names_query *query);
void names_link_close(void);

/* -- shim_names_kept.c */
void names_keep(const struct names_query *query, enum names_keep keep, const uint8_t *answer, size_t size);
/* False: none is kept. */
bool names_answer_kept(struct names_query *query);
void names_forget(void);

/* -- shim_names_message.c */
bool dns_is_query(const uint8_t *message, size_t size);
/* Bytes of the question section behind the header; 0 when it does not hold one whole question. */
size_t dns_question(const uint8_t *message, size_t size);
/* Whether both name the same, ask for the same type and class: names know no case. */
bool dns_same_question(const uint8_t *a, const uint8_t *b, size_t size);
/* SERVFAIL for the query; `to` has room for as much as the query. Its size. */
size_t dns_failure(const struct names_query *query, uint8_t *to);
