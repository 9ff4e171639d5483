#include "files.h"

#include <limits.h>
#include <stdlib.h>

#include "kernel.h"

void free_pointer(void *pointer) {
  int saved = errno;
  free(*(void **)pointer);
  errno = saved;
}

int write_all(int fd, const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

int read_exactly(int fd, void *data, size_t size) {
  char *at = data;
  while (size > 0) {
    ssize_t n = read(fd, at, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n == 0)
      errno = EPIPE;
    if (n <= 0)
      return -1;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

char *read_whole(int fd, size_t limit, size_t *size) {
  size_t used = 0, capacity = 0;
  AUTO_FREE char *data = NULL;
  for (;;) {
    if (capacity - used < 2) {
      capacity = capacity ? capacity * 2 : 4096;
      char *grown = realloc(data, capacity);
      if (!grown)
        return NULL;
      data = grown;
    }
    ssize_t n = read(fd, data + used, capacity - used - 1);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return NULL;
    if (n == 0)
      break;
    used += (size_t)n;
    if (used > limit) {
      errno = EFBIG;
      return NULL;
    }
  }
  data[used] = 0;
  if (size)
    *size = used;
  char *result = data;
  data = NULL;
  return result;
}

/* The lowest of the kept descriptors from `from` on; UINT_MAX when there is none. */
static unsigned next_kept(const int *kept, size_t count, unsigned from) {
  unsigned next = UINT_MAX;
  for (size_t i = 0; i < count; i++)
    if (kept[i] >= 0 && (unsigned)kept[i] >= from && (unsigned)kept[i] < next)
      next = (unsigned)kept[i];
  return next;
}

int close_all_but(const int *kept, size_t count) {
  for (unsigned from = 3;;) {
    unsigned next = next_kept(kept, count, from);
    if (next > from && sys_close_range(from, next == UINT_MAX ? next : next - 1, 0) != 0)
      return -1;
    if (next == UINT_MAX)
      return 0;
    from = next + 1;
  }
}
