/* What a subvolume of btrfs may hold: its own qgroup, which the kernel makes when quotas are on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include "files.h"
#include "ops.h"

/* On for the whole file system; being on already is no error. Files written before are counted meanwhile. */
static int turn_on(int fd) {
  struct btrfs_ioctl_quota_ctl_args args = {.cmd = BTRFS_QUOTA_CTL_ENABLE};
  return ioctl(fd, BTRFS_IOC_QUOTA_CTL, &args) == 0 || errno == EEXIST ? 0 : -1;
}

int op_subvolume_limit(struct stage *stage, struct reader *in) {
  const char *path = read_string(in, NULL);
  struct btrfs_ioctl_qgroup_limit_args args = {
      .lim = {.flags = BTRFS_QGROUP_LIMIT_MAX_RFER, .max_rfer = read_u64(in)}};
  AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -1;
  if (turn_on(fd) != 0)
    return blame(stage, "quotas of the file system of %s", path);
  /* qgroup 0: that of the subvolume which fd is in. */
  return ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args);
}
