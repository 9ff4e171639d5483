#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "sha256.h"
#include "skeleton.h"
#include "untar.h"

static uint8_t output[1u << 18];
static size_t output_size;
static uint64_t total;
/* Instead of the archive itself. */
static bool digest_only;
static struct sha256 hash;

static void flush_output(void) {
  if (digest_only)
    sha256_add(&hash, output, output_size);
  else if (write_all(STDOUT_FILENO, output, output_size) != 0)
    fail_errno("write the archive");
  output_size = 0;
}

/* Room for at least one byte. */
static size_t room(void) {
  if (output_size == sizeof output)
    flush_output();
  return sizeof output - output_size;
}

static void filled(size_t size) {
  output_size += size;
  total += size;
}

static uint64_t number(size_t size) {
  uint8_t bytes[8];
  uint64_t value = 0;
  reader_exact(bytes, size);
  while (size > 0)
    value = value << 8 | bytes[--size];
  return value;
}

static void copy_literal(uint64_t size) {
  const uint8_t *data;
  while (size > 0) {
    uint64_t most = room();
    size_t n = reader_some(&data, size < most ? size : most);
    memcpy(output + output_size, data, n);
    filled(n);
    size -= n;
  }
}

static void copy_part(int fd, const char *name, uint64_t offset, uint64_t size) {
  while (size > 0) {
    uint64_t most = room();
    ssize_t n = pread(fd, output + output_size, size < most ? size : most, (off_t)offset);
    if (n < 0)
      fail_errno("read /%s", name);
    if (n == 0)
      fail("/%s is shorter than it was", name);
    filled((size_t)n);
    offset += (uint64_t)n;
    size -= (uint64_t)n;
  }
}

static void copy_file(void) {
  char name[NAME_LIMIT + 1];
  uint64_t length = number(2), offset = number(8), size = number(8);
  if (length > NAME_LIMIT || offset > INT64_MAX || size > INT64_MAX - offset)
    fail("the skeleton is damaged");
  reader_exact(name, length);
  name[length] = '\0';
  AUTO_CLOSE int fd = skeleton_open(name);
  if (fd < 0)
    fail_errno("open /%s", name);
  copy_part(fd, name, offset, size);
}

static void read_magic(void) {
  char magic[sizeof SKELETON_MAGIC - 1];
  reader_exact(magic, sizeof magic);
  if (memcmp(magic, SKELETON_MAGIC, sizeof magic) != 0)
    fail("not a skeleton");
}

static void copy_records(void) {
  for (;;)
    switch (number(1)) {
    case RECORD_DATA:
      copy_literal(number(4));
      break;
    case RECORD_FILE:
      copy_file();
      break;
    case RECORD_END:
      if (number(8) != total)
        fail("the skeleton is damaged");
      return;
    default:
      fail("the skeleton is damaged");
    }
}

/* usage: rebuild <directory> [--background] < skeleton > plain.tar
 *
 * Exit 1 and {"error":"…"} on stderr on failure; the caller holds what came out against the archive's digest.
 */
int rebuild_main(int argc, char **argv) {
  const char *directory = skeleton_arguments(argc, argv);
  reader_open();
  (void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
  skeleton_confine(directory);
  read_magic();
  copy_records();
  flush_output();
  return 0;
}

/* usage: rebuild-digest <directory> [--background] < skeleton
 *
 * The SHA-256 of what `rebuild` would write, in hexadecimal. */
int rebuild_digest_main(int argc, char **argv) {
  digest_only = true;
  sha256_begin(&hash);
  rebuild_main(argc, argv);
  sha256_print(&hash);
  return fflush(stdout) == 0 ? 0 : 1;
}
