#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "files.h"
#include "names.h"
#include "shim.h"

/* What may wait to be taken by the daemon; more questions wait in their slots. */
#define UNSENT_MAX (256u * 1024)
/* Length and transport before a query, length before an answer. */
#define FRAME_HEADER 3
#define ANSWER_HEADER 2

static struct {
  struct source source;
  struct sockaddr_un address;
  char id[65];
  struct queue unsent;
  uint8_t *answer; /* header and message being read */
  size_t have;
} daemon_link = {.source.fd = -1};

int names_daemon_set(const char *path, const char *id) {
  if (strlen(path) >= sizeof daemon_link.address.sun_path || strlen(id) >= sizeof daemon_link.id) {
    errno = ENAMETOOLONG;
    return -1;
  }
  daemon_link.address.sun_family = AF_UNIX;
  strcpy(daemon_link.address.sun_path, path);
  strcpy(daemon_link.id, id);
  return 0;
}

static void drop_connection(void) {
  loop_close(&daemon_link.source);
  queue_free(&daemon_link.unsent);
  free(daemon_link.answer);
  daemon_link.answer = NULL;
  daemon_link.have = 0;
}

void names_daemon_close(void) {
  drop_connection();
}

/* From the cache, if it is there. True: the question is done with. */
static bool answer_stale(struct names_query *query) {
  size_t size;
  const uint8_t *known = names_cache_find(query->message, query->size, &size);
  AUTO_FREE uint8_t *answer = known ? malloc(size) : NULL;
  if (!answer)
    return false;
  memcpy(answer, known, size);
  /* As it was spelled this time: a client may compare. */
  memcpy(answer, query->message, names_question_end(query->message, query->size));
  memcpy(answer, known, NAMES_HEADER);
  names_answer(query, answer, size);
  names_slot_free(query);
  return true;
}

/* The connection broke: what it was asked is asked again, or answered as it was before. */
static void lose_connection(void) {
  struct names_query *query;
  drop_connection();
  for (int at = 0; (query = names_slot_next(&at));)
    query->sent = false;
  names_daemon_retry();
}

static void watch(void) {
  loop_watch(&daemon_link.source, EPOLLIN | (daemon_link.unsent.length > 0 ? EPOLLOUT : 0));
}

static bool send_parts(const struct iovec *parts, int count) {
  size_t total = 0;
  for (int i = 0; i < count; i++)
    total += parts[i].iov_len;
  if (daemon_link.unsent.length + total > UNSENT_MAX)
    return false;
  ssize_t sent = daemon_link.unsent.length > 0 ? 0 : write_some(daemon_link.source.fd, parts, count);
  if (sent < 0)
    return false;
  bool kept = (size_t)sent == total || queue_append(&daemon_link.unsent, parts, count, (size_t)sent);
  watch();
  return kept;
}

static void answer_complete(size_t size) {
  uint8_t *message = daemon_link.answer + ANSWER_HEADER;
  struct names_query *query = size >= NAMES_HEADER ? names_slot_find(names_get16(message)) : NULL;
  if (!query)
    return;
  names_cache_put(message, size);
  names_answer(query, message, size);
  names_slot_free(query);
}

/* Takes what one frame still lacks. Returns how much that was, 0 when memory ran out. */
static size_t take(const uint8_t *data, size_t size) {
  if (!daemon_link.answer && !(daemon_link.answer = malloc(ANSWER_HEADER + NAMES_ANSWER_MAX)))
    return 0;
  size_t wanted = ANSWER_HEADER;
  if (daemon_link.have >= ANSWER_HEADER)
    wanted += names_get16(daemon_link.answer);
  size_t part = wanted - daemon_link.have < size ? wanted - daemon_link.have : size;
  memcpy(daemon_link.answer + daemon_link.have, data, part);
  daemon_link.have += part;
  if (daemon_link.have < ANSWER_HEADER)
    return part;
  size_t length = names_get16(daemon_link.answer);
  if (daemon_link.have == ANSWER_HEADER + length) {
    answer_complete(length);
    daemon_link.have = 0;
  }
  return part;
}

/* An answer may be half there; its buffer is given back between answers. */
static bool read_answers(void) {
  for (;;) {
    ssize_t size = read(daemon_link.source.fd, transfer_buffer, TRANSFER_SIZE);
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      break;
    if (size <= 0)
      return false;
    for (size_t at = 0, part; at < (size_t)size; at += part)
      if ((part = take(transfer_buffer + at, (size_t)size - at)) == 0)
        return false;
  }
  if (daemon_link.have == 0) {
    free(daemon_link.answer);
    daemon_link.answer = NULL;
  }
  return true;
}

static void ready(struct source *source, uint32_t events) {
  shim.dirty = true;
  bool alive = !(events & EPOLLOUT) || queue_write(&daemon_link.unsent, source->fd) >= 0;
  if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
    alive = read_answers();
  if (alive)
    watch();
  else
    lose_connection();
}

static bool connected(void) {
  if (daemon_link.source.fd >= 0)
    return true;
  AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const struct sockaddr *address = (const struct sockaddr *)&daemon_link.address;
  if (fd < 0 || connect(fd, address, sizeof daemon_link.address) < 0)
    return false;
  loop_init(&daemon_link.source, keep_fd(&fd), ready);
  uint8_t length[2];
  names_put16(length, (uint16_t)strlen(daemon_link.id));
  const struct iovec parts[] = {{length, sizeof length}, {daemon_link.id, strlen(daemon_link.id)}};
  if (send_parts(parts, 2))
    return true;
  drop_connection();
  return false;
}

static bool send_query(struct names_query *query) {
  uint8_t header[FRAME_HEADER];
  names_put16(header, (uint16_t)(1 + query->size));
  header[2] = query->client ? NAMES_TCP : NAMES_UDP;
  const struct iovec parts[] = {{header, sizeof header}, {query->message, query->size}};
  return send_parts(parts, 2);
}

void names_daemon_ask(struct names_query *query) {
  if (connected())
    query->sent = send_query(query);
  else
    answer_stale(query);
}

void names_daemon_retry(void) {
  struct names_query *query;
  for (int at = 0; (query = names_slot_next(&at));)
    if (!query->sent)
      names_daemon_ask(query);
}
