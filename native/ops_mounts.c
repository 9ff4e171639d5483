/* What is mounted beneath the root. Every target is a descriptor from `paths.h`; mounts are made detached,
 * given their attributes, and only then attached, so nothing is ever visible in a weaker form. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "copy_tree.h"
#include "files.h"
#include "filesystem.h"
#include "kernel.h"
#include "ops.h"
#include "paths.h"

#define PROC_ROOT_INODE 1

static bool is_procfs(int fd) {
  struct statfs fs;
  return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

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

/* What may be mounted over single files of /proc: known to be harmless and used by lxcfs and the like (as
 * runc has it). */
static bool allowed_in_proc(const char *target) {
  static const char *const names[] = {
      "/proc/cpuinfo",
      "/proc/diskstats",
      "/proc/meminfo",
      "/proc/stat",
      "/proc/swaps",
      "/proc/uptime",
      "/proc/loadavg",
      "/proc/slabinfo",
      "/proc/net/dev",
      "/proc/sys/kernel/ns_last_pid",
      "/proc/sys/crypto/fips_enabled",
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], target) == 0)
      return true;
  return false;
}

/* Anything else over (parts of) /proc would undo what is masked there (CVE-2019-16884), whatever path led to
 * it. Only a whole procfs may cover a whole procfs. */
static int check_proc(struct stage *stage, int at, bool is_proc, const char *target) {
  struct stat status;
  if (!is_procfs(at) || allowed_in_proc(target))
    return 0;
  if (fstat(at, &status) != 0)
    return -1;
  if (is_proc && status.st_ino == PROC_ROOT_INODE)
    return 0;
  errno = EPERM;
  return blame(stage, "%s cannot be mounted because it is inside /proc", target);
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

/* `propagation`: MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, for all submounts too with MS_REC. */
static int set_propagation(int fd, uint64_t propagation) {
  if (!propagation)
    return 0;
  struct mount_attr attributes = {.propagation = propagation & ~(uint64_t)MS_REC};
  return sys_mount_setattr(fd, AT_EMPTY_PATH | (propagation & MS_REC ? AT_RECURSIVE : 0), &attributes);
}

static int set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive) {
  if (!set && !clear)
    return 0;
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
  return sys_mount_setattr(fd, AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes);
}

int op_bind(struct stage *stage, struct reader *in) {
  const char *source = read_string(in, NULL), *target = read_string(in, NULL);
  bool only_top = read_bool(in);
  uint64_t set = read_u64(in), clear = read_u64(in);
  bool recursive = read_bool(in);
  uint64_t propagation = read_u64(in);
  AUTO_CLOSE int tree = sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | (only_top ? 0 : AT_RECURSIVE));
  struct stat status;
  if (tree < 0 || fstat(tree, &status) != 0)
    return -1;
  blame(stage, "%s", target);
  AUTO_CLOSE int at =
      S_ISDIR(status.st_mode) ? root_make_directory(stage, target) : root_make_file(stage, target);
  if (at < 0 || check_proc(stage, at, is_procfs(tree), target) != 0)
    return -1;
  if (set_attributes(tree, set, clear, recursive) != 0 || set_propagation(tree, propagation) != 0)
    return blame(stage, "options of %s", target);
  return sys_move_mount(tree, at);
}

int op_mount_attr(struct stage *stage, struct reader *in) {
  AUTO_CLOSE int at = root_open(stage, read_string(in, NULL), O_PATH, 0);
  uint64_t set = read_u64(in), clear = read_u64(in);
  return at < 0 ? -1 : set_attributes(at, set, clear, read_bool(in));
}
