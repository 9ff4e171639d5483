#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "place.h"
#include "untar.h"

/* Somebody may put something there as fast as it is removed. */
#define MAX_ATTEMPTS 64

/* What a directory without a source is made with. */
static struct stat new_directory(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0)
    fail_errno("stat a new directory");
  status.st_mode = S_IFDIR | 0755;
  status.st_uid = place_parents.uid;
  status.st_gid = place_parents.gid;
  if (place_parents.has_mtime)
    status.st_mtim = (struct timespec){.tv_sec = place_parents.mtime};
  return status;
}

void place_directory(const struct record *record) {
  AUTO_LEAF struct leaf leaf = {.directory = -1};
  AUTO_CLOSE int fd = -1;
  struct stat status;
  target_open(record, &leaf);
  bool made = target_directory(record, &leaf, &fd);
  if (!made && !record->existing)
    return;
  if (made)
    status = new_directory(fd);
  else if (fstat(fd, &status) != 0)
    fail_errno("stat %s", record->destination);
  target_override(record, &status);
  if (fchown(fd, status.st_uid, status.st_gid) != 0)
    fail_errno("chown %s", record->destination);
  if (fchmod(fd, status.st_mode & 07777) != 0)
    fail_errno("chmod %s", record->destination);
  if (record->has_mtime || (made && place_parents.has_mtime))
    target_time_later(fd, leaf.path, &status.st_mtim);
}

static int open_linked(const struct record *record) {
  AUTO_LEAF struct leaf leaf;
  if (root_leaf(&place_target, record->source, false, false, &leaf) != 0)
    return -1;
  return openat(leaf.directory, leaf.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

void place_link(const struct record *record) {
  AUTO_LEAF struct leaf to = {.directory = -1};
  AUTO_CLOSE int fd = open_linked(record);
  if (fd < 0)
    fail_errno("open %s", record->source);
  target_open(record, &to);
  for (int attempt = 0; linkat(fd, "", to.directory, to.name, AT_EMPTY_PATH) != 0; attempt++) {
    if (errno != EEXIST || attempt == MAX_ATTEMPTS)
      fail_errno("link %s to %s", record->destination, record->source);
    target_clear(record, &to);
  }
}

void place_remove(const struct record *record) {
  AUTO_LEAF struct leaf leaf;
  if (root_leaf(&place_target, record->destination, false, false, &leaf) != 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return;
    fail_errno("lstat %s", record->destination);
  }
  if (strcmp(leaf.name, ".") == 0)
    fail("place: %s cannot be removed", record->destination);
  tree_remove(leaf.directory, leaf.name);
}
