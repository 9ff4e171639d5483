/* Nodes in the root. What is there already and is the same is left alone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "files.h"
#include "ops.h"
#include "paths.h"

static int already(int dir, const char *name, mode_t type, dev_t device) {
  struct stat status;
  if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && (status.st_mode & S_IFMT) == type &&
      status.st_rdev == device)
    return 0;
  errno = EEXIST;
  return -1;
}

int op_mknod(struct stage *stage, struct reader *in) {
  const char *target = read_string(in, NULL), *kind = read_string(in, NULL), *name;
  uint32_t major = read_u32(in), minor = read_u32(in), mode = read_u32(in) & 07777;
  uid_t uid = read_u32(in);
  gid_t gid = read_u32(in);
  mode_t type = *kind == 'c' ? S_IFCHR : *kind == 'b' ? S_IFBLK : *kind == 'p' ? S_IFIFO : 0;
  dev_t device = type == S_IFIFO ? 0 : makedev(major, minor);
  if (!type || kind[1]) {
    errno = EINVAL;
    return -1;
  }
  AUTO_CLOSE int dir = root_parent(stage, target, &name);
  if (dir < 0)
    return -1;
  if (mknodat(dir, name, type | mode, device) != 0)
    return errno == EEXIST ? already(dir, name, type, device) : -1;
  if (uid == 0 && gid == 0)
    return 0;
  return fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int op_symlink(struct stage *stage, struct reader *in) {
  const char *target = read_string(in, NULL), *to = read_string(in, NULL), *name;
  AUTO_CLOSE int dir = root_parent(stage, target, &name);
  if (dir < 0)
    return -1;
  if (symlinkat(to, dir, name) == 0)
    return 0;
  char existing[PATH_MAX];
  ssize_t size = errno == EEXIST ? readlinkat(dir, name, existing, sizeof existing) : -1;
  if (size >= 0 && (size_t)size == strlen(to) && memcmp(existing, to, (size_t)size) == 0)
    return 0;
  if (size >= 0 || errno == EINVAL)
    errno = EEXIST;
  return -1;
}

int op_mkdir_in_root(struct stage *stage, struct reader *in) {
  const char *target = read_string(in, NULL);
  mode_t mode = read_u32(in) & 07777;
  uid_t uid = read_u32(in);
  gid_t gid = read_u32(in);
  AUTO_CLOSE int existing = root_open(stage, target, O_PATH | O_DIRECTORY, 0);
  if (existing >= 0)
    return 0;
  if (errno != ENOENT)
    return -1;
  AUTO_CLOSE int made = root_make_directory(stage, target);
  AUTO_CLOSE int dir = made < 0 ? -1 : openat(made, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || fchown(dir, uid, gid) != 0)
    return -1;
  return fchmod(dir, mode);
}
