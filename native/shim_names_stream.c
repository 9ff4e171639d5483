/* DNS over TCP (RFC 7766): each message behind its length, several queries at once, answers in any order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim_names.h"

#define STREAMS 16u
/* Of one connection; it is not read while so many wait for an answer, or one for being taken. */
#define QUERIES_AT_ONCE 16u
/* A client that leaves so much untaken is let go. */
#define UNTAKEN_MAX (128u * 1024)
/* Longer than any query waits. */
#define IDLE_MS 15000

#define PREFIX 2u

struct names_stream {
  struct source source;
  struct names_stream *next;
  struct queue out;
  uint64_t progress; /* ms: when it last sent or took something */
  unsigned waiting;  /* its queries without an answer */
  bool ended;        /* it sends no more */
  size_t have;
  uint8_t in[PREFIX + NAMES_QUERY_MAX];
};

static void stream_close(struct names_stream *stream) {
  if (stream->source.fd < 0)
    return;
  struct names_stream **link = &names->streams;
  while (*link != stream)
    link = &(*link)->next;
  *link = stream->next;
  loop_close(&stream->source);
  queue_free(&stream->out);
  names_queries_end(stream);
  loop_free_later(stream);
}

void names_streams_close(void) {
  while (names->streams)
    stream_close(names->streams);
}

/* -- reading */

static bool takes_queries(const struct names_stream *stream) {
  return stream->out.length == 0 && stream->waiting < QUERIES_AT_ONCE;
}

/* Of the message at the beginning of what has come; 0: not yet known. */
static size_t message_size(const struct names_stream *stream) {
  return stream->have < PREFIX ? 0 : (size_t)(stream->in[0] << 8 | stream->in[1]);
}

static bool has_query(const struct names_stream *stream) {
  return stream->have >= PREFIX && stream->have >= PREFIX + message_size(stream);
}

static void update(struct names_stream *stream) {
  if (stream->ended && stream->waiting == 0 && stream->out.length == 0 && !has_query(stream)) {
    stream_close(stream);
    return;
  }
  bool more = takes_queries(stream);
  bool again = more && has_query(stream); /* what is here already gets its turn */
  uint32_t reads = more && !stream->ended ? EPOLLIN : 0;
  loop_watch(&stream->source, reads | (again || stream->out.length > 0 ? EPOLLOUT : 0));
}

void names_stream_count(struct names_stream *stream, int change) {
  stream->waiting += (unsigned)change;
  if (change < 0 && stream->source.fd >= 0)
    update(stream);
}

/* False: what it sends is nothing that DNS has. */
static bool take_query(struct names_stream *stream) {
  size_t size = message_size(stream);
  struct names_query *query = names_query_begin(stream->in + PREFIX, size, stream);
  stream->have -= PREFIX + size;
  memmove(stream->in, stream->in + PREFIX + size, stream->have);
  if (query)
    names_ask(query);
  return query != NULL;
}

/* Afterwards there is room for more, unless it has to wait. */
static void take_queries(struct names_stream *stream) {
  while (stream->source.fd >= 0 && has_query(stream) && takes_queries(stream))
    if (!take_query(stream))
      stream_close(stream);
  if (message_size(stream) > NAMES_QUERY_MAX)
    stream_close(stream);
}

static void receive(struct names_stream *stream) {
  ssize_t size = read(stream->source.fd, stream->in + stream->have, sizeof stream->in - stream->have);
  if (size >= 0) {
    stream->ended |= size == 0;
    stream->have += (size_t)size;
    stream->progress = now_ms();
  } else if (errno != EAGAIN && errno != EINTR) {
    stream_close(stream);
  }
}

/* -- writing */

void names_stream_send(struct names_stream *stream, const struct iovec *parts, int count) {
  struct iovec framed[3];
  size_t size = 0;
  for (int i = 0; i < count; i++) {
    framed[i + 1] = parts[i];
    size += parts[i].iov_len;
  }
  uint8_t prefix[PREFIX] = {(uint8_t)(size >> 8), (uint8_t)size};
  framed[0] = (struct iovec){prefix, PREFIX};
  ssize_t sent = stream->out.length > 0 ? 0 : write_some(stream->source.fd, framed, count + 1);
  if (sent > 0)
    stream->progress = now_ms();
  if (sent == (ssize_t)(PREFIX + size))
    return;
  if (sent < 0 || stream->out.length > UNTAKEN_MAX ||
      !queue_append(&stream->out, framed, count + 1, (size_t)sent))
    shutdown(stream->source.fd, SHUT_RDWR); /* its hang-up comes from the loop, not from here */
}

static void flush(struct names_stream *stream) {
  ssize_t sent = queue_write(&stream->out, stream->source.fd);
  if (sent < 0)
    stream_close(stream);
  else if (sent > 0)
    stream->progress = now_ms();
}

/* -- connections */

static void stream_ready(struct source *source, uint32_t events) {
  struct names_stream *stream = (struct names_stream *)source;
  bool gone = events & (EPOLLHUP | EPOLLERR);
  if (events & EPOLLOUT)
    flush(stream);
  take_queries(stream);
  if (source->fd >= 0 && takes_queries(stream) && !stream->ended && (gone || (events & EPOLLIN))) {
    receive(stream);
    take_queries(stream);
  } else if (gone) {
    stream_close(stream);
  }
  if (source->fd >= 0)
    update(stream);
}

/* The one from which nothing was heard for longest makes room. */
static void make_room(void) {
  unsigned count = 0;
  struct names_stream *oldest = names->streams;
  for (struct names_stream *stream = names->streams; stream; stream = stream->next, count++)
    if (stream->progress < oldest->progress)
      oldest = stream;
  if (count >= STREAMS)
    stream_close(oldest);
}

static bool stream_add(int fd) {
  make_room();
  struct names_stream *stream = calloc(1, sizeof *stream);
  if (!stream)
    return false;
  loop_init(&stream->source, fd, stream_ready);
  stream->progress = now_ms();
  stream->next = names->streams;
  names->streams = stream;
  loop_watch(&stream->source, EPOLLIN);
  return true;
}

void names_streams_accept(struct source *listener, uint32_t events) {
  (void)events;
  for (unsigned i = 0; i < STREAMS; i++) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
      return;
    if (!stream_add(fd))
      close(fd);
  }
}

int names_stream_timers(uint64_t now) {
  int next = -1;
  for (struct names_stream *stream = names->streams, *following; stream; stream = following) {
    following = stream->next;
    if (now - stream->progress >= IDLE_MS)
      stream_close(stream);
    else
      next = sooner(next, (int)(stream->progress + IDLE_MS - now));
  }
  return next;
}
