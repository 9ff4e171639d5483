#include "names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "shim.h"

/* Datagrams taken at one go: a flood must not keep the loop from the container's output. */
#define BATCH 32
#define RETRY_MS 100

static struct source datagrams = {.fd = -1}, listener = {.fd = -1};

void names_answer(const struct names_query *query, const uint8_t *message, size_t size) {
  uint8_t length[2], id[2];
  names_put16(length, (uint16_t)size);
  names_put16(id, query->asked);
  struct iovec parts[] = {{length, 2}, {id, 2}, {(void *)(message + 2), size - 2}};
  if (query->client) {
    names_client_answer(query->client, parts);
    return;
  }
  struct sockaddr_in address = query->address;
  struct msghdr header = {
      .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = parts + 1, .msg_iovlen = 2};
  /* A datagram that does not fit now is lost, as datagrams may be: the client asks again. */
  (void)sendmsg(datagrams.fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* -- questions */

void names_ask(const uint8_t *message, size_t size, struct names_client *client,
               const struct sockaddr_in *address) {
  if (size < NAMES_HEADER)
    return;
  struct names_query *query = names_slot_new(message, size);
  if (!query)
    return;
  query->client = client;
  if (address)
    query->address = *address;
  names_daemon_ask(query);
}

static void datagrams_ready(struct source *source, uint32_t events) {
  (void)events;
  uint8_t message[NAMES_QUERY_MAX];
  shim.dirty = true;
  for (int i = 0; i < BATCH; i++) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t length =
        recvfrom(source->fd, message, sizeof message, MSG_TRUNC, (struct sockaddr *)&from, &size);
    if (length < 0)
      return;
    if ((size_t)length <= sizeof message)
      names_ask(message, (size_t)length, NULL, &from);
  }
}

/* -- the sockets */

static int bind_socket(int type) {
  const struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0x7f00000b)};
  AUTO_CLOSE int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
    return -1;
  if (type == SOCK_STREAM && listen(fd, NAMES_CLIENTS_MAX) < 0)
    return -1;
  return keep_fd(&fd);
}

/* In the namespace of `pid`: a socket stays in the one it was made in. */
static int open_inside(pid_t pid, int *udp, int *tcp) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  AUTO_CLOSE int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  AUTO_CLOSE int inside = own < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (inside < 0 || setns(inside, CLONE_NEWNET) != 0)
    return -1;
  *udp = bind_socket(SOCK_DGRAM);
  *tcp = *udp < 0 ? -1 : bind_socket(SOCK_STREAM);
  int error = errno;
  /* A shim that is lost in a container must not go on. */
  if (setns(own, CLONE_NEWNET) != 0)
    _exit(1);
  errno = error;
  return *tcp < 0 ? -1 : 0;
}

int names_serve(pid_t pid, const char *path, const char *id) {
  if (datagrams.fd >= 0)
    return 0;
  AUTO_CLOSE int udp = -1;
  AUTO_CLOSE int tcp = -1;
  if (names_daemon_set(path, id) < 0 || open_inside(pid, &udp, &tcp) < 0)
    return -1;
  loop_init(&datagrams, keep_fd(&udp), datagrams_ready);
  loop_init(&listener, keep_fd(&tcp), names_clients_accept);
  loop_watch(&datagrams, EPOLLIN);
  loop_watch(&listener, EPOLLIN);
  return 0;
}

void names_close(void) {
  struct names_query *query;
  names_clients_close();
  for (int at = 0; (query = names_slot_next(&at));)
    names_slot_free(query);
  names_daemon_close();
  names_cache_clear();
  loop_close(&datagrams);
  loop_close(&listener);
}

/* -- time */

static int query_timers(uint64_t now) {
  struct names_query *query;
  int next = -1;
  bool waiting = false;
  for (int at = 0; (query = names_slot_next(&at));) {
    if (query->deadline <= now) {
      names_answer(query, query->message, names_make_failure(query->message, query->size));
      names_slot_free(query);
      continue;
    }
    waiting |= !query->sent;
    next = names_nearest(next, now, query->deadline);
  }
  return waiting ? names_nearest(next, now, now + RETRY_MS) : next;
}

int names_timers(uint64_t now) {
  static uint64_t retried;
  if (datagrams.fd < 0)
    return -1;
  if (now - retried >= RETRY_MS) {
    retried = now;
    names_daemon_retry();
  }
  return names_client_timers(now, query_timers(now));
}
