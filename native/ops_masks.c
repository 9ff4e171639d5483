/* What a container may not see or not change. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "files.h"
#include "filesystem.h"
#include "kernel.h"
#include "ops.h"
#include "paths.h"

/* A clone of `*cover`, or when there is none yet what `make` makes, which then is the one to clone. */
static int put_cover(struct stage *stage, int at, int *cover, int (*make)(struct stage *stage)) {
  AUTO_CLOSE int mount = *cover >= 0 ? mount_clone(*cover, false) : make(stage);
  if (mount < 0 || sys_move_mount(mount, at) != 0)
    return -1;
  if (*cover < 0)
    *cover = keep_fd(&mount);
  return 0;
}

static int empty_directory(struct stage *stage) {
  return filesystem_new(stage, "tmpfs", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                        "mode=755,nr_inodes=2");
}

/* The container's own /dev/null once it is there, and certainly the device 1:3 (CVE-2025-31133). */
static int null_device(struct stage *stage) {
  AUTO_CLOSE int fd = root_open(stage, "/dev/null", O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  if (fd < 0)
    fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return blame(stage, "/dev/null");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
    errno = ENODEV;
    return blame(stage, "/dev/null is not the null device");
  }
  return mount_clone(fd, false);
}

int op_mask(struct stage *stage, struct reader *in) {
  AUTO_CLOSE int at = root_open(stage, read_string(in, NULL), O_PATH, 0);
  struct stat status;
  if (at < 0)
    return errno == ENOENT ? 0 : -1;
  if (fstat(at, &status) != 0)
    return -1;
  return S_ISDIR(status.st_mode) ? put_cover(stage, at, &stage->empty, empty_directory)
                                 : put_cover(stage, at, &stage->null, null_device);
}

int op_readonly(struct stage *stage, struct reader *in) {
  AUTO_CLOSE int at = root_open(stage, read_string(in, NULL), O_PATH, 0);
  if (at < 0)
    return errno == ENOENT ? 0 : -1;
  struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
  AUTO_CLOSE int tree = mount_clone(at, true);
  if (tree < 0 || sys_mount_setattr(tree, AT_EMPTY_PATH | AT_RECURSIVE, &read_only) != 0)
    return -1;
  return sys_move_mount(tree, at);
}
