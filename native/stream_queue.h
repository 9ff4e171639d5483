/* Bytes waiting for a descriptor that is not ready. Takes no memory while empty. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct queue {
  uint8_t *data;
  size_t start, length, capacity;
};

/* Appends what is behind the first `skip` bytes of the parts. False: out of memory, nothing appended. */
bool queue_append(struct queue *queue, const struct iovec *parts, int count, size_t skip);
/* Writes as much as the descriptor takes. Number of bytes written, or -1 with errno (never EAGAIN or EINTR).
 */
ssize_t queue_write(struct queue *queue, int fd);
void queue_free(struct queue *queue);
/* writev that turns EAGAIN into 0. */
ssize_t write_some(int fd, const struct iovec *parts, int count);
