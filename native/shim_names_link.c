/* The connection to the daemon. It is made for the first query, and again for the first after it broke: a
 * shim whose container asks nothing has none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "files.h"
#include "shim.h"
#include "shim_names.h"

#define RETRY_MS 100
/* u16 length of what follows, u8: how the client asked, or what the answer is good for; then the message. */
#define LENGTH 2u
#define PREFIX 3u

static void link_ready(struct source *source, uint32_t events);

/* -- to the daemon */

/* What does not go out now goes before anything else. */
static bool send_frame(const struct iovec *parts, int count, size_t size) {
  struct names_link *link = &names->link;
  ssize_t sent = write_some(link->source.fd, parts, count);
  if (sent < 0)
    return false;
  if ((size_t)sent < size && !queue_append(&link->out, parts, count, (size_t)sent)) {
    shutdown(link->source.fd, SHUT_RDWR); /* half a frame cannot be taken back; the rest comes as a hang-up */
    return false;
  }
  loop_watch(&link->source, EPOLLIN | (link->out.length > 0 ? EPOLLOUT : 0));
  return true;
}

void names_link_send(struct names_query *query) {
  if (names->link.out.length > 0)
    return; /* the daemon is slow: its turn comes when that has gone */
  size_t size = 1 + query->size;
  uint8_t head[PREFIX + 2] = {
      (uint8_t)(size >> 8),      (uint8_t)size,      query->stream ? NAMES_TCP : NAMES_UDP,
      (uint8_t)(query->id >> 8), (uint8_t)query->id,
  };
  struct iovec parts[2] = {{head, sizeof head}, {query->message + 2, query->size - 2}};
  query->sent = send_frame(parts, 2, LENGTH + size);
}

static void send_waiting(void) {
  for (unsigned i = 0; i < NAMES_QUERIES; i++)
    if (names->queries[i] && !names->queries[i]->sent)
      names_link_send(names->queries[i]);
}

static bool introduce(void) {
  size_t size = strlen(shim.launch.id);
  uint8_t length[LENGTH] = {(uint8_t)(size >> 8), (uint8_t)size};
  struct iovec parts[2] = {{length, LENGTH}, {(void *)shim.launch.id, size}};
  return send_frame(parts, 2, LENGTH + size);
}

static int connect_daemon(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, names->path, strlen(names->path)); /* names_serve has measured it */
  AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
    return -1;
  return keep_fd(&fd);
}

bool names_link_open(void) {
  struct names_link *link = &names->link;
  uint64_t now = now_ms();
  if (link->source.fd >= 0)
    return true;
  if (now < link->next_try)
    return false;
  link->next_try = now + RETRY_MS;
  int fd = connect_daemon();
  if (fd < 0)
    return false;
  loop_init(&link->source, fd, link_ready);
  if (!introduce()) {
    names_link_close();
    return false;
  }
  send_waiting();
  return true;
}

/* -- from the daemon */

static void take_answer(enum names_keep keep, const uint8_t *message, size_t size) {
  if (size < NAMES_HEADER)
    return;
  struct names_query *query = names_query_find((uint16_t)(message[0] << 8 | message[1]));
  if (!query)
    return; /* it had to make room, or its client has gone */
  if (keep != NAMES_KEEP_NOT)
    names_keep(query, keep, message, size);
  names_answer(query, message, size);
}

/* Handles the whole frames at `data`. Returns how many bytes they are. */
static size_t take_frames(const uint8_t *data, size_t size) {
  size_t at = 0;
  while (size - at >= LENGTH) {
    size_t length = (size_t)(data[at] << 8 | data[at + 1]);
    if (size - at - LENGTH < length)
      break;
    if (length == 0)
      names_forget();
    else
      take_answer(data[at + LENGTH], data + at + PREFIX, length - 1);
    at += LENGTH + length;
  }
  return at;
}

static void keep_rest(const uint8_t *data, size_t size) {
  struct names_link *link = &names->link;
  uint8_t *rest = size > 0 ? malloc(size) : NULL;
  if (size > 0 && !rest) {
    shutdown(link->source.fd, SHUT_RDWR);
    return;
  }
  if (rest)
    memcpy(rest, data, size);
  link->rest = rest;
  link->rest_size = size;
}

static void lose(void) {
  names_link_close();
  for (unsigned i = 0; i < NAMES_QUERIES; i++) {
    struct names_query *query = names->queries[i];
    if (!query)
      continue;
    query->sent = false;
    names_answer_kept(query);
  }
}

static void receive(void) {
  struct names_link *link = &names->link;
  size_t have = link->rest_size;
  if (have > 0)
    memcpy(transfer_buffer, link->rest, have);
  free(link->rest);
  link->rest = NULL;
  link->rest_size = 0;
  ssize_t size = read(link->source.fd, transfer_buffer + have, TRANSFER_SIZE - have);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
    lose();
    return;
  }
  have += size < 0 ? 0 : (size_t)size;
  size_t used = take_frames(transfer_buffer, have);
  keep_rest(transfer_buffer + used, have - used);
}

static void link_ready(struct source *source, uint32_t events) {
  shim.dirty = true;
  if (events & EPOLLOUT) {
    queue_write(&names->link.out, source->fd);
    loop_watch(source, EPOLLIN | (names->link.out.length > 0 ? EPOLLOUT : 0));
    send_waiting();
  }
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    receive();
}

void names_link_close(void) {
  struct names_link *link = &names->link;
  loop_close(&link->source);
  queue_free(&link->out);
  free(link->rest);
  link->rest = NULL;
  link->rest_size = 0;
}
