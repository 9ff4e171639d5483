#include "tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

#define CAPACITY (1u << 20)

static uint8_t *buffer;
static size_t used;

void writer_open(void) {
  buffer = malloc(CAPACITY);
  if (buffer == NULL)
    fail("out of memory");
  /* Fails for anything but a pipe, which is fine: it only saves wake-ups. */
  (void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, CAPACITY);
}

void writer_flush(void) {
  if (write_all(STDOUT_FILENO, buffer, used) != 0)
    fail_errno("write the archive");
  used = 0;
}

static size_t room(uint64_t wanted) {
  if (used == CAPACITY)
    writer_flush();
  return wanted < CAPACITY - used ? (size_t)wanted : CAPACITY - used;
}

void writer_bytes(const void *data, size_t size) {
  for (const uint8_t *at = data; size > 0;) {
    size_t n = room(size);
    memcpy(buffer + used, at, n);
    used += n;
    at += n;
    size -= n;
  }
}

void writer_zeros(uint64_t size) {
  while (size > 0) {
    size_t n = room(size);
    memset(buffer + used, 0, n);
    used += n;
    size -= n;
  }
}

void writer_file(int fd, uint64_t size) {
  uint64_t left = size;
  while (left > 0) {
    size_t most = room(left); /* may make `used` 0 */
    ssize_t n = read(fd, buffer + used, most);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      fail_errno("read /%s", tar_path);
    if (n == 0)
      break;
    used += (size_t)n;
    left -= (uint64_t)n;
  }
  writer_zeros(left + (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

void writer_finish(void) {
  writer_zeros(2 * TAR_BLOCK);
  writer_flush();
}
