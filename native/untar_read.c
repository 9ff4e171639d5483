#define _GNU_SOURCE
#include "untar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPACITY (1u << 20)

static uint8_t *buffer;
static size_t begin, end;

void (*reader_tap)(const uint8_t *data, size_t size);

/* The next `size` bytes of the buffer are used up. */
static const uint8_t *consume(size_t size) {
  const uint8_t *data = buffer + begin;
  begin += size;
  if (reader_tap != NULL && size > 0)
    reader_tap(data, size);
  return data;
}

void reader_open(void) {
  buffer = malloc(CAPACITY);
  if (buffer == NULL)
    fail("out of memory");
  source_open();
  /* Fails for anything but a pipe, which is fine: it only saves wake-ups. */
  (void)fcntl(STDIN_FILENO, F_SETPIPE_SZ, CAPACITY);
}

/* One read into the free end of the buffer; false at the end of the stream. */
static bool fill(void) {
  if (begin == end)
    begin = end = 0;
  size_t n = source_read(buffer + end, CAPACITY - end);
  end += n;
  return n > 0;
}

const uint8_t *reader_block(void) {
  while (end - begin < BLOCK) {
    if (CAPACITY - begin < BLOCK) {
      memmove(buffer, buffer + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    if (!fill()) {
      if (end == begin)
        return NULL;
      fail("unexpected EOF");
    }
  }
  return consume(BLOCK);
}

size_t reader_some(const uint8_t **data, uint64_t most) {
  if (begin == end && !fill())
    fail("unexpected EOF");
  size_t n = end - begin < most ? end - begin : (size_t)most;
  *data = consume(n);
  return n;
}

void reader_exact(void *to, size_t size) {
  const uint8_t *data;
  for (uint8_t *at = to; size > 0;) {
    size_t n = reader_some(&data, size);
    memcpy(at, data, n);
    at += n;
    size -= n;
  }
}

void reader_skip(uint64_t size) {
  const uint8_t *data;
  while (size > 0)
    size -= reader_some(&data, size);
}

void reader_padding(uint64_t size) {
  reader_skip((BLOCK - size % BLOCK) % BLOCK);
}

void reader_drain(void) {
  do {
    consume(end - begin);
  } while (fill());
}
