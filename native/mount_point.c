#include "mount_point.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "kernel.h"

#define PROC_ROOT_INODE 1

bool is_procfs(int fd) {
  struct statfs fs;
  return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
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
int check_proc(struct stage *stage, int at, bool is_proc, const char *target) {
  struct stat status;
  /* Without its procfs the container would have nothing masked at all. */
  if (!is_proc && strcmp(target, "/proc") == 0) {
    errno = EPERM;
    return blame(stage, "%s cannot be mounted because it is not of type proc", target);
  }
  if (!is_procfs(at) || allowed_in_proc(target))
    return 0;
  if (fstat(at, &status) != 0)
    return -1;
  if (is_proc && status.st_ino == PROC_ROOT_INODE)
    return 0;
  errno = EPERM;
  return blame(stage, "%s cannot be mounted because it is inside /proc", target);
}

int set_mount_attributes(int fd, uint64_t set, uint64_t clear, bool recursive) {
  if (!set && !clear)
    return 0;
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
  return sys_mount_setattr(fd, AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes);
}
