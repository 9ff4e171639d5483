#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "index.h"

/* Returns how long the path was before. */
static size_t push(const char *name) {
  size_t before = strlen(tar_path), at = before, length = strlen(name);
  if (at + length + 2 > sizeof tar_path)
    fail("the name /%.64s… is longer than %d bytes", tar_path, NAME_LIMIT);
  if (at > 0)
    tar_path[at++] = '/';
  memcpy(tar_path + at, name, length + 1);
  return before;
}

static void list_directory(int directory, unsigned depth) {
  struct names names;
  names_read(directory, &names);
  for (size_t i = 0; i < names.count; i++) {
    size_t before = push(names.sorted[i]);
    index_entry(directory, names.sorted[i], depth);
    tar_path[before] = '\0';
  }
  names_free(&names);
}

/* Another kind of thing stands there by now, or nothing. */
static bool was_replaced(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENXIO;
}

/* Opened first and asked afterwards: the answers are about one and the same file. */
static int open_entry(int directory, const char *name, int flags, struct stat *status) {
  AUTO_CLOSE int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
  if (fd < 0 && was_replaced(errno))
    return -1;
  if (fd < 0 || fstat(fd, status) != 0)
    fail_errno("open /%s", tar_path);
  return keep_fd(&fd);
}

static bool index_directory(int directory, const char *name, unsigned depth) {
  struct stat status;
  AUTO_CLOSE int fd = open_entry(directory, name, O_DIRECTORY, &status);
  if (fd < 0)
    return false;
  record_open(fd, &status);
  if (depth > 0)
    list_directory(fd, depth - 1);
  return true;
}

static bool index_file(int directory, const char *name) {
  struct stat status;
  AUTO_CLOSE int fd = open_entry(directory, name, 0, &status);
  if (fd < 0 || !S_ISREG(status.st_mode))
    return false;
  record_open(fd, &status);
  return true;
}

static bool index_link(int directory, const char *name, const struct stat *status) {
  char link[NAME_LIMIT + 2];
  ssize_t size = readlinkat(directory, name, link, sizeof link - 1);
  if (size < 0 && (errno == ENOENT || errno == EINVAL))
    return false;
  if (size < 0)
    fail_errno("read the link /%s", tar_path);
  link[size] = '\0';
  record_node(status, link);
  return true;
}

bool index_entry(int directory, const char *name, unsigned depth) {
  struct stat status;
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT)
      fail_errno("lstat /%s", tar_path);
    return false;
  }
  switch (status.st_mode & S_IFMT) {
  case S_IFDIR:
    return index_directory(directory, name, depth);
  case S_IFREG:
    return index_file(directory, name);
  case S_IFLNK:
    return index_link(directory, name, &status);
  case S_IFSOCK: /* no layer can hold one */
    return true;
  default:
    record_node(&status, "");
    return true;
  }
}
