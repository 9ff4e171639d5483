#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_json.h"

#define BATCH (256u * 1024)
#define TIME_MAX 48
#define PREFIX "{\"log\":\""

static int open_file(struct log *log) {
  log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  struct stat file;
  if (log->fd < 0 || fstat(log->fd, &file) < 0)
    return -1;
  log->size = (uint64_t)file.st_size;
  return 0;
}

static void *map(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static bool allocate(struct log *log) {
  size_t suffix_max = strlen(log->extra) + 64 + TIME_MAX;
  log->capacity = BATCH + LOG_LINE_MAX * JSON_EXPANSION + suffix_max;
  log->buffer = map(log->capacity);
  for (int i = 0; i < 2; i++) {
    log->streams[i].partial = map(LOG_LINE_MAX);
    log->streams[i].suffix = malloc(suffix_max);
    if (!log->streams[i].partial || !log->streams[i].suffix)
      return false;
  }
  return log->buffer != NULL;
}

int log_open(struct log *log, const struct launch *launch) {
  *log = (struct log){
      .fd = -1, .max_size = launch->log_max_size, .max_files = launch->log_max_files, .second = -1};
  log->streams[0].name = "stdout";
  log->streams[1].name = "stderr";
  if (launch->log_path[0] == '\0')
    return 0;
  log->path = strdup(launch->log_path);
  log->extra = strdup(launch->log_extra);
  if (!log->path || !log->extra || !allocate(log)) {
    errno = ENOMEM;
    return -1;
  }
  return open_file(log);
}

/* Where the last whole line of the batch ends that fits into `written` bytes. */
static size_t whole_lines(const struct log *log, size_t written) {
  const uint8_t *end = memrchr(log->buffer, '\n', written);
  return end ? (size_t)(end - log->buffer) + 1 : 0;
}

void log_flush(struct log *log) {
  size_t written = 0;
  while (log->fd >= 0 && written < log->used) {
    ssize_t n = write(log->fd, log->buffer + written, log->used - written);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    written += (size_t)n;
  }
  if (written < log->used) { /* the disk is full or broken: leave no half line behind */
    size_t whole = whole_lines(log, written);
    if (written > whole && ftruncate(log->fd, (off_t)(log->size + whole)) == 0)
      written = whole;
  }
  log->size += written;
  log->used = 0;
}

static void add_suffix(char *to, size_t *size, const char *text) {
  size_t length = strlen(text);
  memcpy(to + *size, text, length);
  *size += length;
}

/* RFC3339Nano as Go prints it: UTC, without the zeros that end the fraction. */
static void format_time(struct log *log, char out[TIME_MAX]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != log->second) {
    struct tm tm;
    gmtime_r(&now.tv_sec, &tm);
    strftime(log->second_text, sizeof log->second_text, "%Y-%m-%dT%H:%M:%S", &tm);
    log->second = now.tv_sec;
  }
  int size = snprintf(out, TIME_MAX, "%s.%09ld", log->second_text, now.tv_nsec);
  while (out[size - 1] == '0')
    size--;
  if (out[size - 1] == '.')
    size--;
  memcpy(out + size, "Z", 2);
}

/* `","stream":"stdout","attrs":{},"time":"..."}` and the newline: the same for all lines of one read. */
static void stamp(struct log *log, struct log_stream *stream) {
  char time[TIME_MAX];
  format_time(log, time);
  stream->suffix_size = 0;
  const char *parts[] = {"\",\"stream\":\"", stream->name, "\"", log->extra, ",\"time\":\"", time, "\"}\n"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    add_suffix(stream->suffix, &stream->suffix_size, parts[i]);
}

static bool is_full(const struct log *log) {
  return log->max_size > 0 && log->size + log->used >= log->max_size;
}

/* `size` is at most LOG_LINE_MAX. */
static void add_line(struct log *log, const struct log_stream *stream, const uint8_t *text, size_t size,
                     bool whole) {
  if (is_full(log)) {
    log_flush(log);
    log_rotate(log);
  }
  size_t most = sizeof PREFIX + size * JSON_EXPANSION + 2 + stream->suffix_size;
  if (log->capacity - log->used < most)
    log_flush(log);
  uint8_t *out = log->buffer + log->used;
  memcpy(out, PREFIX, sizeof PREFIX - 1);
  out = json_escape(out + sizeof PREFIX - 1, text, size);
  if (whole) {
    memcpy(out, "\\n", 2);
    out += 2;
  }
  memcpy(out, stream->suffix, stream->suffix_size);
  log->used = (size_t)(out + stream->suffix_size - log->buffer);
}

/* A piece of a line that is too long, cut between characters. Returns its size. */
static size_t add_piece(struct log *log, const struct log_stream *stream, const uint8_t *text) {
  size_t size = LOG_LINE_MAX - utf8_cut_tail(text, LOG_LINE_MAX);
  add_line(log, stream, text, size, false);
  return size;
}

/* Adds text without newline to the partial line, writing pieces when that gets too long. */
static void add_partial(struct log *log, struct log_stream *stream, const uint8_t *text, size_t size) {
  while (size > 0) {
    size_t room = LOG_LINE_MAX - stream->partial_size;
    size_t part = size < room ? size : room;
    memcpy(stream->partial + stream->partial_size, text, part);
    stream->partial_size += part;
    text += part;
    size -= part;
    if (stream->partial_size == LOG_LINE_MAX) {
      size_t cut = add_piece(log, stream, stream->partial);
      stream->partial_size -= cut;
      memmove(stream->partial, stream->partial + cut, stream->partial_size);
    }
  }
}

static void add_rest_of_line(struct log *log, struct log_stream *stream, const uint8_t *text, size_t size) {
  if (stream->partial_size > 0) {
    add_partial(log, stream, text, size);
    add_line(log, stream, stream->partial, stream->partial_size, true);
    stream->partial_size = 0;
    return;
  }
  while (size >= LOG_LINE_MAX) {
    size_t cut = add_piece(log, stream, text);
    text += cut;
    size -= cut;
  }
  add_line(log, stream, text, size, true);
}

void log_add(struct log *log, enum stream_type type, const uint8_t *text, size_t size) {
  if (log->fd < 0)
    return;
  struct log_stream *stream = &log->streams[type == STREAM_STDERR];
  stamp(log, stream);
  while (size > 0) {
    const uint8_t *newline = memchr(text, '\n', size);
    if (!newline) {
      add_partial(log, stream, text, size);
      return;
    }
    size_t line = (size_t)(newline - text);
    add_rest_of_line(log, stream, text, line);
    text += line + 1;
    size -= line + 1;
  }
}

void log_close(struct log *log) {
  if (log->fd < 0)
    return;
  for (int i = 0; i < 2; i++) {
    struct log_stream *stream = &log->streams[i];
    if (stream->partial_size == 0)
      continue;
    stamp(log, stream);
    add_line(log, stream, stream->partial, stream->partial_size, false);
    stream->partial_size = 0;
  }
  log_flush(log);
  close(log->fd);
  log->fd = -1;
}

void log_idle(struct log *log) {
  if (log->buffer && log->used == 0)
    madvise(log->buffer, log->capacity, MADV_DONTNEED);
}

/* The file may have been truncated by an administrator: then it is not full after all. */
static bool still_full(struct log *log) {
  struct stat file;
  if (fstat(log->fd, &file) == 0)
    log->size = (uint64_t)file.st_size;
  return log->size >= log->max_size;
}

static void shift_files(const struct log *log) {
  size_t room = strlen(log->path) + 16;
  char from[room], to[room];
  for (uint32_t i = log->max_files - 1; i > 0; i--) {
    snprintf(to, room, "%s.%u", log->path, i);
    if (i > 1)
      snprintf(from, room, "%s.%u", log->path, i - 1);
    else
      snprintf(from, room, "%s", log->path);
    rename(from, to); /* a missing older file is the normal case */
  }
}

void log_rotate(struct log *log) {
  if (!still_full(log))
    return;
  if (log->max_files < 2) {
    if (ftruncate(log->fd, 0) == 0)
      log->size = 0;
    return;
  }
  int old = log->fd;
  uint64_t old_size = log->size;
  shift_files(log);
  if (open_file(log) == 0) {
    close(old);
    return;
  }
  if (log->fd >= 0)
    close(log->fd);
  log->fd = old; /* better a log that is too long than none */
  log->size = old_size;
}
