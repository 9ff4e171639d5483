/* Files of the host: cgroup directories and limits, settings of the child in /proc. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "files.h"
#include "ops.h"

/* Kernel files take a setting as one write(2); what does not fit was not understood. */
static int write_once(int fd, const char *data, size_t size) {
  ssize_t n = write(fd, data, size);
  if (n < 0)
    return -1;
  if ((size_t)n == size)
    return 0;
  errno = EIO;
  return -1;
}

static int write_path(const char *path, const char *data, size_t size) {
  AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
  return fd < 0 ? -1 : write_once(fd, data, size);
}

/* An existing directory is as good as a new one. */
int op_mkdir(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *path = read_string(in, NULL);
  mode_t mode = read_u32(in) & 07777;
  mode_t saved = umask(0);
  int result = mkdir(path, mode);
  umask(saved);
  if (result == 0 || errno != EEXIST)
    return result;
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
    return 0;
  errno = EEXIST;
  return -1;
}

int op_write(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *path = read_string(in, NULL);
  uint32_t size;
  const char *data = read_string(in, &size);
  return write_path(path, data, size);
}

/* The child; or whoever performs it ("0"): before the clone, so that the child inherits the place, or the
 * child itself. A thread that writes "0" to `tasks` of cgroup v1 moves without the lock that costs everyone
 * else an RCU grace period (5 to 20 ms). */
int op_write_pid(struct stage *stage, struct reader *in) {
  char text[16];
  int size = snprintf(text, sizeof text, "%d", stage->child);
  return write_path(read_string(in, NULL), text, (size_t)size);
}

int op_write_proc(struct stage *stage, struct reader *in) {
  const char *name = read_string(in, NULL);
  uint32_t size;
  const char *data = read_string(in, &size);
  char path[64];
  int length = stage->child ? snprintf(path, sizeof path, "/proc/%d/%s", stage->child, name)
                            : snprintf(path, sizeof path, "/proc/self/%s", name);
  if (strchr(name, '/') || length >= (int)sizeof path) {
    errno = EINVAL;
    return -1;
  }
  AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  struct statfs fs;
  if (fd < 0 || fstatfs(fd, &fs) != 0)
    return -1;
  if (fs.f_type != PROC_SUPER_MAGIC) {
    errno = EXDEV;
    return -1;
  }
  return write_once(fd, data, size);
}
