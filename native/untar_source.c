#define _GNU_SOURCE
#include "untar.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define PACKED (1u << 18)
/* Window of any size, gzip header and trailer. */
#define GZIP_ONLY (15 + 16)

static z_stream inflater;
static uint8_t *packed;
static bool between_members;

static size_t read_some(void *to, size_t room) {
  for (;;) {
    ssize_t n = read(STDIN_FILENO, to, room);
    if (n >= 0)
      return (size_t)n;
    if (errno != EINTR)
      fail_errno("read the archive");
  }
}

/* More compressed bytes; false at the end of the stream. */
static bool refill(void) {
  inflater.next_in = packed;
  inflater.avail_in = (unsigned)read_some(packed, PACKED);
  return inflater.avail_in > 0;
}

/* Several members are one stream (RFC 1952, 2.2). What follows and is none is rubbish, as gzip(1) has it. */
static bool next_member(void) {
  if (inflater.avail_in == 0 && !refill())
    return false;
  if (inflater.next_in[0] != 0x1f) {
    while (refill())
      ;
    inflater.avail_in = 0;
    return false;
  }
  if (inflateReset(&inflater) != Z_OK)
    fail("out of memory");
  between_members = false;
  return true;
}

/* At least one byte, 0 at the end. */
static size_t inflate_some(uint8_t *to, size_t room) {
  inflater.next_out = to;
  inflater.avail_out = (unsigned)room;
  while (inflater.avail_out == room) {
    if (between_members && !next_member())
      return 0;
    if (inflater.avail_in == 0 && !refill())
      fail("unexpected EOF");
    int status = inflate(&inflater, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
      between_members = true;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      fail("the archive is damaged: gzip: %s", inflater.msg ? inflater.msg : "invalid data");
  }
  return room - inflater.avail_out;
}

void source_open(void) {
  if (!options.gunzip)
    return;
  packed = malloc(PACKED);
  if (packed == NULL || inflateInit2(&inflater, GZIP_ONLY) != Z_OK)
    fail("out of memory");
}

size_t source_read(uint8_t *to, size_t room) {
  return options.gunzip ? inflate_some(to, room) : read_some(to, room);
}
