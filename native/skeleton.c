#define _GNU_SOURCE
#include "skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "confine.h"
#include "files.h"
#include "untar.h"

static int open_inside(const char *name, int flags) {
  struct open_how how = {.flags = (uint64_t)(O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags),
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
}

int skeleton_open_root(void) {
  return open_inside(".", O_DIRECTORY);
}

int skeleton_open(const char *name) {
  AUTO_CLOSE int fd = open_inside(name, O_NONBLOCK);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return -1;
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  return keep_fd(&fd);
}

void skeleton_confine(const char *directory) {
  static const int system_calls[] = {SYS_openat2, SYS_pread64, SYS_syncfs};
  struct confinement confinement = {
      .directory = directory,
      .read_only = true,
      .capabilities = 1ull << CAP_DAC_READ_SEARCH,
      .system_calls = system_calls,
      .system_call_count = sizeof system_calls / sizeof *system_calls,
  };
  confine(&confinement);
}

void skeleton_background(void) {
  if (setpriority(PRIO_PROCESS, 0, 19) != 0)
    fail_errno("setpriority");
  /* Schedulers that know no priorities do not mind. */
  (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

const char *skeleton_arguments(int argc, char **argv) {
  bool background = argc == 3 && strcmp(argv[2], "--background") == 0;
  if (argc != 2 && !background)
    fail("usage: gantry-init %s <directory> [--background]", argv[0]);
  if (background)
    skeleton_background();
  return argv[1];
}
