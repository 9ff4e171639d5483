#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "files.h"
#include "kernel.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static const char self_path[] = "/proc/self/exe";

/* A mount whose root is the file itself has no path: the link says "/". */
static bool runs_from_detached_mount(int self) {
  char path[8];
  struct statvfs fs;
  ssize_t size = readlink(self_path, path, sizeof path);
  return size == 1 && path[0] == '/' && fstatvfs(self, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

static bool runs_from_memory(int self) {
  int seals = fcntl(self, F_GET_SEALS);
  return seals >= 0 && (seals & SEALS) == SEALS;
}

static int detached_mount(void) {
  AUTO_CLOSE int fd = sys_open_tree(AT_FDCWD, self_path, OPEN_TREE_CLONE);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
  return fd < 0 || sys_mount_setattr(fd, AT_EMPTY_PATH, &attributes) != 0 ? -1 : keep_fd(&fd);
}

/* Before 6.3 the kernel knows no MFD_EXEC, and every memory file may be executed. */
static int memory_file(void) {
  int fd = memfd_create("gantry-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  return fd < 0 && errno == EINVAL ? memfd_create("gantry-init", MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

static int copy_whole(int from, int to) {
  struct stat status;
  if (fstat(from, &status) != 0)
    return -1;
  for (off_t left = status.st_size; left > 0;) {
    ssize_t n = sendfile(to, from, NULL, (size_t)left);
    if (n == 0)
      errno = EIO;
    if (n <= 0)
      return -1;
    left -= n;
  }
  return 0;
}

static int sealed_copy(int self) {
  AUTO_CLOSE int fd = memory_file();
  if (fd < 0 || copy_whole(self, fd) != 0 || fcntl(fd, F_ADD_SEALS, SEALS) != 0)
    return -1;
  return keep_fd(&fd);
}

int seal_self(char **argv) {
  extern char **environ;
  AUTO_CLOSE int self = open(self_path, O_RDONLY | O_CLOEXEC);
  if (self < 0)
    return -1;
  if (runs_from_detached_mount(self) || runs_from_memory(self))
    return prctl(PR_SET_NAME, "gantry-init", 0, 0, 0);
  AUTO_CLOSE int sealed = detached_mount();
  if (sealed < 0)
    sealed = sealed_copy(self);
  if (sealed >= 0)
    syscall(SYS_execveat, sealed, "", argv, environ, AT_EMPTY_PATH);
  return -1;
}
