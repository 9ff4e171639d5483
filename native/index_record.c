#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "index.h"
#include "sha256.h"

#define BLOCK_SIZE (1u << 20)
#define HEX_SIZE (2 * SHA256_SIZE + 1)

static void put_text(const char *text) {
  writer_bytes(text, strlen(text) + 1);
}

/* The first text is written; the path and the link follow. */
static void put_names(const char *link) {
  writer_bytes("/", 1);
  put_text(tar_path);
  put_text(link);
}

static void end_in_hex(struct sha256 *hash, char hex[HEX_SIZE]) {
  uint8_t digest[SHA256_SIZE];
  sha256_end(hash, digest);
  for (size_t i = 0; i < sizeof digest; i++)
    snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void hash_xattrs(int fd, char hex[HEX_SIZE]) {
  struct tar_xattrs xattrs = xattrs_read(fd);
  struct sha256 hash;
  if (xattrs.count == 0)
    return;
  sha256_begin(&hash);
  for (size_t i = 0; i < xattrs.count; i++) {
    const struct tar_xattr *xattr = &xattrs.list[i];
    uint8_t length[8];
    for (size_t at = 0; at < sizeof length; at++)
      length[at] = (uint8_t)((uint64_t)xattr->size >> 8 * at);
    sha256_add(&hash, xattr->name, strlen(xattr->name) + 1);
    sha256_add(&hash, length, sizeof length);
    sha256_add(&hash, xattr->value, xattr->size);
  }
  end_in_hex(&hash, hex);
}

/* As many bytes as the record says, whatever is appended meanwhile. */
static void hash_content(int fd, uint64_t size, char hex[HEX_SIZE]) {
  static uint8_t block[BLOCK_SIZE];
  struct sha256 hash;
  sha256_begin(&hash);
  for (uint64_t left = size; left > 0;) {
    ssize_t n = read(fd, block, left < sizeof block ? (size_t)left : sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      fail_errno("read /%s", tar_path);
    if (n == 0)
      fail("/%s became shorter while it was read", tar_path);
    sha256_add(&hash, block, (size_t)n);
    left -= (uint64_t)n;
  }
  end_in_hex(&hash, hex);
}

static char type_letter(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFREG:
    return 'f';
  case S_IFDIR:
    return 'd';
  case S_IFLNK:
    return 'l';
  case S_IFCHR:
    return 'c';
  case S_IFBLK:
    return 'b';
  default:
    return 'p';
  }
}

static void put_record(const struct stat *status, const char *xattrs, const char *digest, const char *link) {
  char text[512];
  bool device = S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode);
  snprintf(text, sizeof text, "%c %o %u %u %lld %lld.%09ld %lld.%09ld %llu %llu %llu %u:%u %s %s",
           type_letter(status->st_mode), status->st_mode & 07777, status->st_uid, status->st_gid,
           (long long)status->st_size, (long long)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
           (long long)status->st_ctim.tv_sec, status->st_ctim.tv_nsec, (unsigned long long)status->st_dev,
           (unsigned long long)status->st_ino, (unsigned long long)status->st_nlink,
           device ? major(status->st_rdev) : 0, device ? minor(status->st_rdev) : 0, xattrs, digest);
  put_text(text);
  put_names(link);
}

void record_missing(void) {
  put_text("-");
  put_names("");
}

void record_open(int fd, const struct stat *status) {
  char xattrs[HEX_SIZE] = "-", digest[HEX_SIZE] = "-";
  hash_xattrs(fd, xattrs);
  if (index_options.digest && S_ISREG(status->st_mode))
    hash_content(fd, (uint64_t)status->st_size, digest);
  put_record(status, xattrs, digest, "");
}

void record_node(const struct stat *status, const char *link) {
  put_record(status, "-", "-", link);
}
