#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "skeleton.h"
#include "untar.h"

/* A smaller file costs less inside the skeleton than its reference does. */
#define SMALLEST_FILE 128
#define PIECE (1u << 18)

static uint8_t literal[1u << 16];
static size_t literal_size;
static uint64_t total;

static void put(const void *data, size_t size) {
  if (fwrite(data, 1, size, stdout) != size)
    fail_errno("write the skeleton");
}

static void put_number(uint64_t number, size_t size) {
  uint8_t bytes[8];
  for (size_t i = 0; i < size; i++, number >>= 8)
    bytes[i] = (uint8_t)number;
  put(bytes, size);
}

static void put_literal(void) {
  if (literal_size == 0)
    return;
  putchar(RECORD_DATA);
  put_number(literal_size, 4);
  put(literal, literal_size);
  total += literal_size;
  literal_size = 0;
}

static void add_literal(const uint8_t *data, size_t size) {
  while (size > 0) {
    size_t room = sizeof literal - literal_size, n = size < room ? size : room;
    memcpy(literal + literal_size, data, n);
    literal_size += n;
    data += n;
    size -= n;
    if (literal_size == sizeof literal)
      put_literal();
  }
}

static void put_file(const char *name, uint64_t offset, uint64_t size) {
  if (size == 0)
    return;
  put_literal();
  putchar(RECORD_FILE);
  put_number(strlen(name), 2);
  put_number(offset, 8);
  put_number(size, 8);
  put(name, strlen(name));
  total += size;
}

static bool holds(int fd, uint64_t offset, const uint8_t *data, size_t size) {
  static uint8_t own[PIECE];
  for (size_t at = 0; at < size;) {
    ssize_t n = pread(fd, own, size - at < PIECE ? size - at : PIECE, (off_t)(offset + at));
    if (n < 0)
      fail_errno("read the layer");
    if (n == 0 || memcmp(own, data + at, (size_t)n) != 0)
      return false;
    at += (size_t)n;
  }
  return true;
}

/* The next `size` bytes of the archive: a reference as far as the file has the same there, the rest as it is.
 * Nothing is assumed: a file that the archive replaces later, or that never got there, simply does not match.
 */
static void match(int fd, const char *name, uint64_t offset, uint64_t size) {
  uint64_t matched = 0;
  const uint8_t *data;
  reader_tap = NULL;
  while (matched < size) {
    size_t n = reader_some(&data, size - matched);
    if (!holds(fd, offset + matched, data, n)) {
      put_file(name, offset, matched);
      add_literal(data, n);
      reader_tap = add_literal;
      reader_skip(size - matched - n);
      return;
    }
    matched += n;
  }
  put_file(name, offset, matched);
  reader_tap = add_literal;
}

static void member(const struct entry *entry) {
  AUTO_CLOSE int fd = entry->type == '0' && entry->stored >= SMALLEST_FILE ? skeleton_open(entry->name) : -1;
  if (fd < 0)
    reader_skip(entry->stored);
  else if (!entry->sparse)
    match(fd, entry->name, 0, entry->stored);
  else
    for (size_t i = 0; i < entry->extent_count; i++)
      match(fd, entry->name, entry->extents[i].offset, entry->extents[i].length);
  reader_padding(entry->stored);
}

/* Whoever drops the archive relies on the files alone, also after a power failure. */
static void sync_layer(int root) {
  if (syncfs(root) != 0)
    fail_errno("sync the layer");
}

/* usage: skeleton <directory> [--background] < plain.tar > skeleton
 *
 * The directory is what `untar` made of the same archive. Exit 1 and {"error":"…"} on stderr on failure. */
int skeleton_main(int argc, char **argv) {
  static struct entry entry;
  const char *directory = skeleton_arguments(argc, argv);
  reader_open();
  skeleton_confine(directory);
  AUTO_CLOSE int root = skeleton_open_root();
  put(SKELETON_MAGIC, strlen(SKELETON_MAGIC));
  reader_tap = add_literal;
  while (header_next(&entry))
    member(&entry);
  reader_drain();
  put_literal();
  putchar(RECORD_END);
  put_number(total, 8);
  sync_layer(root);
  if (fflush(stdout) != 0)
    fail_errno("write the skeleton");
  return 0;
}
