/* Descriptors that close themselves, and whole reads and writes. */
#pragma once
#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

static inline void close_fd(int *fd) {
  int saved = errno;
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
  errno = saved;
}

/* A descriptor that is closed when it leaves the scope; errno stays. */
#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

/* Closes every descriptor above 2 but the `count` kept ones (-1 entries are none). -1 with errno. */
int close_all_but(const int *kept, size_t count);

/* Gives a descriptor away: the scope no longer closes it. */
static inline int keep_fd(int *fd) {
  int kept = *fd;
  *fd = -1;
  return kept;
}

void free_pointer(void *pointer);
#define AUTO_FREE __attribute__((cleanup(free_pointer)))

/* All of it, retrying EINTR; -1 with errno on failure (EPIPE/EIO when it ends early). */
int write_all(int fd, const void *data, size_t size);
int read_exactly(int fd, void *data, size_t size);
/* Up to the end of the file but at most `limit` bytes (EFBIG beyond), NUL-terminated, to be freed. NULL with
 * errno. */
char *read_whole(int fd, size_t limit, size_t *size);
