/* Names in the container: the shim answers at 127.0.0.11:53 of its network namespace, by asking the daemon.
 *
 *   names.c         the sockets inside, and the loop's timers
 *   names_clients.c who asks by TCP
 *   names_daemon.c  the connection to the daemon, made when there is a question (src/networks/dns/frames.ts)
 *   names_slots.c   questions that wait for their answer
 *   names_cache.c   the last good answers, for when the daemon is away (RFC 8767)
 *   names_message.c the few bytes of a DNS message that matter here
 *
 * While the daemon is away, what was answered before is answered so again; any other question waits for it,
 * and fails after HOLD_MS. Everything that a container can make grow has a bound. */
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shim_loop.h"
#include "stream_queue.h"

#define NAMES_HEADER 12
/* Queries are short; what is longer is not one that anybody sends. */
#define NAMES_QUERY_MAX 4096
#define NAMES_ANSWER_MAX 65535

enum names_transport { NAMES_UDP = 0, NAMES_TCP = 1 };

/* A connection of a client inside. */
struct names_client {
  struct source source;
  struct names_client *next;
  struct queue answers;
  uint64_t heard; /* ms: when it last said something */
  size_t have;
  uint8_t query[2 + NAMES_QUERY_MAX];
};

/* Who asked, and what. */
struct names_query {
  struct names_client *client; /* NULL: by UDP, from `address` */
  struct sockaddr_in address;
  uint16_t id;    /* as the daemon knows it */
  uint16_t asked; /* as the client does */
  bool sent;
  uint64_t deadline;
  size_t size;
  uint8_t message[]; /* with the daemon's id */
};

/* -- names.c */
/* Answers in the network namespace of process `pid` from now on, if it does not already. -1 with errno. */
int names_serve(pid_t pid, const char *path, const char *id);
/* Leaves the namespace, which would live as long as these sockets. */
void names_close(void);
/* Ms until something is due, or -1. */
int names_timers(uint64_t now);
void names_answer(const struct names_query *query, const uint8_t *message, size_t size);
/* A question from inside. `client` NULL: by UDP, from `address`. */
void names_ask(const uint8_t *message, size_t size, struct names_client *client,
               const struct sockaddr_in *address);
/* The smaller of `next` (-1: never) and the ms until `due`. */
static inline int names_nearest(int next, uint64_t now, uint64_t due) {
  int left = due <= now ? 0 : (int)(due - now);
  return next < 0 || left < next ? left : next;
}

/* -- names_clients.c */
#define NAMES_CLIENTS_MAX 16
void names_clients_accept(struct source *source, uint32_t events);
/* `parts`: length, id, and the rest of the message. */
void names_client_answer(struct names_client *client, const struct iovec *parts);
void names_clients_close(void);
/* Closes those that say nothing. `next`: see names_nearest. */
int names_client_timers(uint64_t now, int next);

/* -- names_daemon.c */
int names_daemon_set(const char *path, const char *id);
/* Sends it, or answers it otherwise, or leaves it waiting. */
void names_daemon_ask(struct names_query *query);
/* Tries again for those that wait. */
void names_daemon_retry(void);
void names_daemon_close(void);

/* -- names_slots.c */
/* NULL when too many wait already. */
struct names_query *names_slot_new(const uint8_t *message, size_t size);
struct names_query *names_slot_find(uint16_t id);
/* The next at or behind place *at, which begins at 0 and moves on; NULL at the end. Any may be freed
 * meanwhile. */
struct names_query *names_slot_next(int *at);
void names_slot_free(struct names_query *query);

/* -- names_cache.c */
void names_cache_put(const uint8_t *message, size_t size);
/* The answer to the question of `query`, NULL when it is not known. */
const uint8_t *names_cache_find(const uint8_t *query, size_t query_size, size_t *size);
void names_cache_clear(void);

/* -- names_message.c */
/* Length of header and question; 0 when there is not exactly one whole question. */
size_t names_question_end(const uint8_t *message, size_t size);
uint16_t names_get16(const uint8_t *at);
void names_put16(uint8_t *at, uint16_t value);
/* Turns a query into the answer that says that the server failed. Returns its length. */
size_t names_make_failure(uint8_t *message, size_t size);
/* Whether it is an answer without an error that is whole. */
bool names_is_good(const uint8_t *message, size_t size);
