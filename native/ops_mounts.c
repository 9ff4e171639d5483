/* File systems mounted beneath the root. Every target is a descriptor from `paths.h`; mounts are made
 * detached, given their attributes, and only then attached, so nothing is ever visible in a weaker form. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "copy_tree.h"
#include "files.h"
#include "filesystem.h"
#include "kernel.h"
#include "mount_point.h"
#include "ops.h"
#include "paths.h"

/* A procfs or sysfs reached through a symbolic link of the image would leave /proc unmasked (CVE-2019-19921).
 */
static int mount_point(struct stage *stage, const char *target, const char *type) {
  bool kernel_files = strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0;
  if (kernel_files) {
    int fd = root_open(stage, target, O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
    if (fd >= 0 || errno != ENOENT)
      return fd < 0 ? blame(stage, "%s must be mounted on an ordinary directory: %s", type, target) : fd;
  }
  return root_make_directory(stage, target);
}

/* A tmpfs takes the mode of the directory that it covers, unless told otherwise. */
static int tmpfs_options(int target, const char *data, char *options, size_t size) {
  struct stat status;
  if (fstat(target, &status) != 0)
    return -1;
  int length = snprintf(options, size, "mode=%o%s%s", status.st_mode & 07777, *data ? "," : "", data);
  if (length < (int)size)
    return 0;
  errno = E2BIG;
  return -1;
}

int op_mount(struct stage *stage, struct reader *in) {
  const char *source = read_string(in, NULL), *target = read_string(in, NULL), *type = read_string(in, NULL);
  uint64_t flags = read_u64(in);
  const char *data = read_string(in, NULL);
  bool copy_up = read_bool(in), tmpfs = strcmp(type, "tmpfs") == 0;
  blame(stage, "%s", target);
  AUTO_CLOSE int at = root_open(stage, target, O_PATH | O_DIRECTORY, 0);
  bool existed = at >= 0;
  close_fd(&at);
  at = mount_point(stage, target, type);
  char options[4096];
  if (at < 0 || check_proc(stage, at, strcmp(type, "proc") == 0, target) != 0)
    return -1;
  if (tmpfs && existed && tmpfs_options(at, data, options, sizeof options) == 0)
    data = options;
  /* Filled while it is still writable and nobody sees it. */
  AUTO_CLOSE int fs =
      filesystem_new(stage, type, source, copy_up ? flags & ~(uint64_t)MS_RDONLY : flags, data);
  if (fs < 0)
    return -1;
  if (copy_up && existed && copy_tree_contents(at, fs) != 0)
    return blame(stage, "copying %s", target);
  struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
  if (copy_up && flags & MS_RDONLY && sys_mount_setattr(fs, AT_EMPTY_PATH, &read_only) != 0)
    return -1;
  return sys_move_mount(fs, at);
}

int op_mount_attr(struct stage *stage, struct reader *in) {
  AUTO_CLOSE int at = root_open(stage, read_string(in, NULL), O_PATH, 0);
  uint64_t set = read_u64(in), clear = read_u64(in);
  return at < 0 ? -1 : set_mount_attributes(at, set, clear, read_bool(in));
}
