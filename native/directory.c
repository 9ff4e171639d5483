#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "files.h"
#include "kernel.h"

/* openat2 gives up with EAGAIN when something is renamed while it climbs "..". */
#define MAX_ATTEMPTS 64

static int resolve(int directory, const char *path, int flags, uint64_t how_to_resolve) {
  struct open_how how = {
      .flags = (uint64_t)(flags | O_CLOEXEC),
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | how_to_resolve,
  };
  int fd = -1;
  for (int i = 0; i < MAX_ATTEMPTS; i++) {
    fd = sys_openat2(directory, path, &how);
    if (fd >= 0 || errno != EAGAIN)
      break;
  }
  return fd;
}

int open_beneath(const char *directory, const char *path, int flags) {
  AUTO_CLOSE int base = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return base < 0 ? -1 : resolve(base, path, flags, 0);
}

int open_beneath_at(int directory, const char *path, int flags) {
  return resolve(directory, path, flags, RESOLVE_NO_SYMLINKS);
}

int is_empty_directory(int fd) {
  AUTO_CLOSE int listed = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = listed < 0 ? NULL : fdopendir(listed);
  if (!directory)
    return -1;
  keep_fd(&listed);
  int entries = 0;
  while (entries <= 2 && readdir(directory))
    entries++;
  closedir(directory);
  return entries <= 2;
}
