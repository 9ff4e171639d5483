#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "kernel.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

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

int seal_self(char **argv) {
  extern char **environ;
  AUTO_CLOSE int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0)
    return -1;
  int seals = fcntl(self, F_GET_SEALS);
  if (seals >= 0 && (seals & SEALS) == SEALS)
    return 0;
  AUTO_CLOSE int sealed = memory_file();
  if (sealed < 0 || copy_whole(self, sealed) != 0 || fcntl(sealed, F_ADD_SEALS, SEALS) != 0)
    return -1;
  syscall(SYS_execveat, sealed, "", argv, environ, AT_EMPTY_PATH);
  return -1;
}
