#include "shim_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "files.h"
#include "shim.h"

/* How long a query waits for a daemon that is away. Clients wait five seconds (resolv.conf(5), `timeout`),
 * and should hear of the failure. */
#define HOLD_MS 4000
/* For one that the daemon has got: it asks several servers, one after the other. */
#define LIFE_MS 10000

struct names *names;

/* -- begin and end */

static int set_path(struct names *to, const char *path, const char **step) {
  struct sockaddr_un address;
  *step = "names: the path of the daemon's socket";
  if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
    errno = path[0] == '\0' ? EINVAL : ENAMETOOLONG;
    return -1;
  }
  char *copy = strdup(path);
  if (!copy)
    return -1;
  free(to->path);
  to->path = copy;
  return 0;
}

int names_serve(const char *path, const char **step) {
  if (names)
    return set_path(names, path, step);
  *step = "names";
  AUTO_FREE struct names *made = calloc(1, sizeof *made);
  if (!made || set_path(made, path, step) < 0)
    return -1;
  made->datagrams.fd = made->listener.fd = made->link.source.fd = made->redirect = -1;
  if (names_open_inside(made, shim.container.run.pid, step) < 0) {
    free(made->path);
    return -1;
  }
  names = made;
  made = NULL;
  return 0;
}

void names_close(void) {
  if (!names)
    return;
  names_link_close();
  names_streams_close();
  names_queries_end(NULL);
  names_forget();
  loop_close(&names->datagrams);
  loop_close(&names->listener);
  close_fd(&names->redirect);
  free(names->path);
  loop_free_later(names);
  names = NULL;
}

/* -- a query */

void names_ask(struct names_query *query) {
  if (!names_link_open())
    names_answer_kept(query);
  else if (!query->sent)
    names_link_send(query);
}

static void send_datagram(const struct names_query *query, struct iovec *parts, size_t count) {
  struct msghdr message = {
      .msg_name = (void *)&query->peer,
      .msg_namelen = sizeof query->peer,
      .msg_iov = parts,
      .msg_iovlen = count,
  };
  (void)sendmsg(names->datagrams.fd, &message, 0); /* one that gets lost is asked for again */
}

void names_answer(struct names_query *query, const uint8_t *message, size_t size) {
  uint8_t id[2] = {(uint8_t)(query->client_id >> 8), (uint8_t)query->client_id};
  struct iovec parts[2] = {{id, sizeof id}, {(void *)(message + sizeof id), size - sizeof id}};
  if (query->stream)
    names_stream_send(query->stream, parts, 2);
  else
    send_datagram(query, parts, 2);
  names_query_end(query);
}

/* -- time */

static uint64_t deadline(const struct names_query *query) {
  return query->arrived + (query->late ? LIFE_MS : HOLD_MS);
}

/* Even a daemon that is there may have no time: then, too, what is kept is better than nothing. */
static void give_up(struct names_query *query) {
  uint8_t failure[NAMES_QUERY_MAX];
  if (!query->late && names_answer_kept(query))
    return;
  if (query->sent && !query->late)
    query->late = true;
  else
    names_answer(query, failure, dns_failure(query, failure));
}

/* Ms until the next query is given up, or -1. */
static int query_timers(uint64_t now) {
  int next = -1;
  for (unsigned i = 0; i < NAMES_QUERIES && names->waiting > 0; i++) {
    while (names->queries[i] && now >= deadline(names->queries[i]))
      give_up(names->queries[i]);
    if (names->queries[i])
      next = sooner(next, (int)(deadline(names->queries[i]) - now));
  }
  return next;
}

int names_timers(uint64_t now) {
  if (!names)
    return -1;
  int next = names_stream_timers(now);
  if (names->waiting > 0 && !names_link_open())
    next = sooner(next, (int)(names->link.next_try - now));
  return sooner(next, query_timers(now));
}
