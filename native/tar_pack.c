#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "path_stat.h"
#include "tar.h"

bool pack_begin(const char *path, struct path_found *found) {
  bool there = path_find(path, found);
  if (there)
    path_print(path, found);
  if (fflush(stdout) != 0)
    fail_errno("write the answer");
  return there;
}

void pack_member(const char *path, const struct path_found *found) {
  size_t length = strlen(path);
  while (length > 0 && path[length - 1] == '/')
    length--;
  snprintf(tar_path, sizeof tar_path, "%.*s", (int)length - (length > 0), path + (length > 0));
  tar_options.rebased = strlen(tar_path);
  if (!S_ISDIR(found->status.st_mode)) {
    member_node(found->directory, found->name, &found->status);
    return;
  }
  int fd = found->name == NULL
               ? found->directory
               : openat(found->directory, found->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    fail_errno("open %s", path);
  tar_walk_member(fd);
}
