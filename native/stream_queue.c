#include "stream_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_QUEUE 4096

static bool queue_room(struct queue *queue, size_t size) {
  if (queue->capacity - queue->start - queue->length >= size)
    return true;
  if (queue->start > 0 && queue->capacity - queue->length >= size && queue->start >= queue->length) {
    memmove(queue->data, queue->data + queue->start, queue->length);
    queue->start = 0;
    return true;
  }
  size_t needed = queue->start + queue->length + size;
  size_t capacity = queue->capacity ? queue->capacity : SMALLEST_QUEUE;
  while (capacity < needed)
    capacity *= 2;
  uint8_t *data = realloc(queue->data, capacity);
  if (!data)
    return false;
  queue->data = data;
  queue->capacity = capacity;
  return true;
}

bool queue_append(struct queue *queue, const struct iovec *parts, int count, size_t skip) {
  size_t total = 0;
  for (int i = 0; i < count; i++)
    total += parts[i].iov_len;
  if (!queue_room(queue, total - skip))
    return false;
  for (int i = 0; i < count; i++) {
    size_t left_out = skip < parts[i].iov_len ? skip : parts[i].iov_len;
    size_t size = parts[i].iov_len - left_out;
    memcpy(queue->data + queue->start + queue->length, (const uint8_t *)parts[i].iov_base + left_out, size);
    queue->length += size;
    skip -= left_out;
  }
  return true;
}

ssize_t write_some(int fd, const struct iovec *parts, int count) {
  for (;;) {
    ssize_t written = writev(fd, parts, count);
    if (written >= 0)
      return written;
    if (errno == EAGAIN)
      return 0;
    if (errno != EINTR)
      return -1;
  }
}

ssize_t queue_write(struct queue *queue, int fd) {
  struct iovec part = {queue->data + queue->start, queue->length};
  ssize_t written = queue->length > 0 ? write_some(fd, &part, 1) : 0;
  if (written > 0) {
    queue->start += (size_t)written;
    queue->length -= (size_t)written;
  }
  if (queue->length == 0)
    queue_free(queue);
  return written;
}

void queue_free(struct queue *queue) {
  free(queue->data);
  *queue = (struct queue){0};
}
