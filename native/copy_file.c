#include "copy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "files.h"

#define MAX_XATTR 65536

/* Not on the stack, which is already as deep as the tree. */
int copy_xattrs(int from, int to) {
  AUTO_FREE char *names = malloc(2 * MAX_XATTR);
  if (!names)
    return -1;
  char *value = names + MAX_XATTR;
  ssize_t size = flistxattr(from, names, MAX_XATTR);
  if (size < 0)
    return errno == ENOTSUP ? 0 : -1;
  for (char *name = names; name < names + size; name += strlen(name) + 1) {
    ssize_t length = fgetxattr(from, name, value, MAX_XATTR);
    /* The overlay's own marks say nothing about the copy; not every file system holds every attribute. */
    if (length < 0 || strncmp(name, "trusted.overlay.", 16) == 0)
      continue;
    if (fsetxattr(to, name, value, (size_t)length, 0) != 0 && errno != ENOTSUP && errno != EPERM)
      return -1;
  }
  return 0;
}

/* From the offset of both files on, `left` bytes or up to the end. */
static int copy_extent(int from, int to, off_t left) {
  bool ranged = true;
  while (left > 0) {
    size_t most = left < 1 << 30 ? (size_t)left : 1 << 30;
    ssize_t n = ranged ? copy_file_range(from, NULL, to, NULL, most, 0) : sendfile(to, from, NULL, most);
    if (n > 0)
      left -= n;
    else if (n == 0 && !ranged)
      return 0;
    /* Zero may also mean a file system that cannot: then sendfile says. */
    else if (n == 0 ||
             (ranged && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)))
      ranged = false;
    else if (errno != EINTR)
      return -1;
  }
  return 0;
}

int copy_data(int from, int to, off_t size) {
  if (ioctl(to, FICLONE, from) == 0)
    return 0;
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA), hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    if (data < 0 && errno == ENXIO)
      break; /* a hole to the end */
    if (data < 0 || hole < 0)
      data = at, hole = size; /* a file system that knows no holes */
    if (lseek(from, data, SEEK_SET) < 0 || lseek(to, data, SEEK_SET) < 0 ||
        copy_extent(from, to, hole - data) != 0)
      return -1;
    at = hole;
  }
  struct stat copied;
  if (fstat(to, &copied) != 0)
    return -1;
  return copied.st_size < size ? ftruncate(to, size) : 0;
}

/* Owner first, as chown clears set-user-ID. */
int copy_status(int to, const struct stat *status) {
  const struct timespec times[2] = {status->st_atim, status->st_mtim};
  if (fchown(to, status->st_uid, status->st_gid) != 0 || fchmod(to, status->st_mode & 07777) != 0)
    return -1;
  return futimens(to, times);
}

int copy_regular(int from_dir, const char *name, int to_dir) {
  AUTO_CLOSE int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  if (from < 0 || fstat(from, &status) != 0)
    return -1;
  if (!S_ISREG(status.st_mode)) {
    errno = EAGAIN;
    return -1;
  }
  AUTO_CLOSE int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0 || copy_data(from, to, status.st_size) != 0)
    return -1;
  /* security.capability would not survive chown. */
  if (fchown(to, status.st_uid, status.st_gid) != 0 || copy_xattrs(from, to) != 0)
    return -1;
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  return fchmod(to, status.st_mode & 07777) != 0 ? -1 : futimens(to, times);
}

/* With its mode from the start: fchmodat(2) would follow a link that somebody has put there meanwhile. */
static int make_node(int to, const char *name, const struct stat *status) {
  mode_t before = umask(0);
  int result = mknodat(to, name, status->st_mode, status->st_rdev);
  umask(before);
  return result;
}

int copy_node(int from, const char *name, int to, const struct stat *status) {
  const struct timespec times[2] = {status->st_atim, status->st_mtim};
  if (S_ISLNK(status->st_mode)) {
    char link[PATH_MAX];
    ssize_t size = readlinkat(from, name, link, sizeof link - 1);
    if (size < 0)
      return -1;
    link[size] = 0;
    if (symlinkat(link, to, name) != 0)
      return -1;
  } else if (make_node(to, name, status) != 0) {
    return -1;
  }
  if (fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    return -1;
  return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}
