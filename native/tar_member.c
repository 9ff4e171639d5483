#include "tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "inode_map.h"

/* Inodes with several names that are in the archive: the first name, as a char *. */
static struct inode_map written;

void member_directory(int fd, const struct stat *status) {
  if (tar_options.list) {
    list_name('+');
    return;
  }
  header_write(&(struct member){.type = '5', .name = tar_path, .status = status, .xattrs = xattrs_read(fd)});
}

static void remember(const struct stat *status) {
  char *name = status->st_nlink > 1 ? strdup(tar_path) : NULL;
  if (name != NULL)
    inode_map_put(&written, status->st_dev, status->st_ino, (uintptr_t)name);
  else if (status->st_nlink > 1)
    fail("out of memory");
}

/* True when the archive has the file under another name, to which this one is now a link. */
static bool link_again(const struct stat *status) {
  const char *first = (const char *)(uintptr_t)inode_map_get(&written, status->st_dev, status->st_ino);
  if (first == NULL)
    return false;
  header_write(&(struct member){.type = '1', .name = tar_path, .link = first, .status = status});
  return true;
}

/* Opened first and asked afterwards: the answers are about the file whose bytes follow. */
static void member_file(int directory, const char *name) {
  struct stat status;
  AUTO_CLOSE int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    int error = errno;
    /* Gone, or replaced by something else. */
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      return;
    errno = error;
    fail_errno("open /%s", tar_path);
  }
  if (fstat(fd, &status) != 0)
    fail_errno("stat /%s", tar_path);
  if (!S_ISREG(status.st_mode) || link_again(&status))
    return;
  uint64_t size = (uint64_t)status.st_size;
  header_write(&(struct member){
      .type = '0', .name = tar_path, .size = size, .status = &status, .xattrs = xattrs_read(fd)});
  writer_file(fd, size);
  remember(&status);
}

static void member_symlink(int directory, const char *name, const struct stat *status) {
  char target[NAME_LIMIT + 2];
  ssize_t size = readlinkat(directory, name, target, sizeof target - 1);
  if (size < 0 && (errno == ENOENT || errno == EINVAL))
    return;
  if (size < 0)
    fail_errno("read the link /%s", tar_path);
  target[size] = '\0';
  if (link_again(status))
    return;
  header_write(&(struct member){.type = '2', .name = tar_path, .link = target, .status = status});
  remember(status);
}

static void member_special(char type, const struct stat *status) {
  if (link_again(status))
    return;
  header_write(&(struct member){.type = type, .name = tar_path, .status = status});
  remember(status);
}

void member_node(int directory, const char *name, const struct stat *status) {
  if (tar_options.list) {
    list_name('+');
    return;
  }
  switch (status->st_mode & S_IFMT) {
  case S_IFREG:
    member_file(directory, name);
    break;
  case S_IFLNK:
    member_symlink(directory, name, status);
    break;
  case S_IFCHR:
    member_special('3', status);
    break;
  case S_IFBLK:
    member_special('4', status);
    break;
  case S_IFIFO:
    member_special('6', status);
    break;
  default: /* a socket: no archive can hold one */
    break;
  }
}

/* OCI image-spec, layer.md: "Whiteouts". Without a time of their own, so that the same change is the same
 * bytes. */
static void marker(const char *directory, size_t length, const char *prefix, const char *name) {
  static const struct stat plain = {.st_mode = S_IFREG | 0600};
  char path[NAME_LIMIT + 1];
  int size = snprintf(path, sizeof path, "%.*s%s%s", (int)length, directory, prefix, name);
  if (size < 0 || (size_t)size >= sizeof path)
    fail("the name of the whiteout of /%s is too long", tar_path);
  header_write(&(struct member){.type = '0', .name = path, .status = &plain});
}

void member_whiteout(void) {
  if (tar_options.list) {
    list_name('-');
    return;
  }
  const char *slash = strrchr(tar_path, '/');
  const char *name = slash == NULL ? tar_path : slash + 1;
  marker(tar_path, (size_t)(name - tar_path), WHITEOUT_PREFIX, name);
}

void member_opaque(void) {
  if (tar_options.list) {
    list_name('=');
    return;
  }
  marker(tar_path, strlen(tar_path), "/" WHITEOUT_PREFIX WHITEOUT_PREFIX, ".opq");
}
