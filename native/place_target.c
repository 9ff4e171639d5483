#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "place.h"

/* Somebody may put something there as fast as it is removed. */
#define MAX_ATTEMPTS 64

/* A directory whose time is set at the end. */
struct timed {
  struct timed *next;
  dev_t device;
  ino_t inode;
  struct timespec mtime;
  char path[];
};

static struct timed *first, **last = &first;

void target_time_later(int directory, const char *path, const struct timespec *mtime) {
  struct stat status;
  struct timed *timed = malloc(sizeof *timed + strlen(path) + 1);
  if (timed == NULL)
    fail("out of memory");
  if (fstat(directory, &status) != 0)
    fail_errno("stat %s", path);
  *timed = (struct timed){.device = status.st_dev, .inode = status.st_ino, .mtime = *mtime};
  strcpy(timed->path, path);
  *last = timed;
  last = &timed->next;
}

/* In the order of the list: of a directory that comes twice the later time counts. What has been removed or
 * replaced since is left alone. */
void target_finish(void) {
  for (const struct timed *at = first; at != NULL; at = at->next) {
    const struct timespec times[2] = {at->mtime, at->mtime};
    struct stat status;
    AUTO_CLOSE int fd = root_open(&place_target, at->path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_dev != at->device || status.st_ino != at->inode)
      continue;
    if (futimens(fd, times) != 0)
      fail_errno("set the times of %s", at->path);
  }
}

static int own_parent(int directory, const char *path) {
  const struct timespec mtime = {.tv_sec = place_parents.mtime};
  if (fchownat(directory, "", place_parents.uid, place_parents.gid, AT_EMPTY_PATH) != 0)
    return -1;
  if (place_parents.has_mtime)
    target_time_later(directory, path, &mtime);
  return 0;
}

void target_open(const struct record *record, struct leaf *leaf) {
  place_target.made = own_parent;
  if (root_leaf(&place_target, record->destination, record->follow, true, leaf) != 0)
    fail_errno("make the directory of %s", record->destination);
}

void target_clear(const struct record *record, const struct leaf *leaf) {
  if (unlinkat(leaf->directory, leaf->name, 0) == 0 || errno == ENOENT)
    return;
  if (errno == EISDIR)
    fail("cannot replace to directory %s with file", record->destination);
  fail_errno("remove %s", record->destination);
}

bool target_directory(const struct record *record, const struct leaf *leaf, int *fd) {
  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    bool made = mkdirat(leaf->directory, leaf->name, 0700) == 0;
    if (!made && errno != EEXIST)
      fail_errno("mkdir %s", record->destination);
    *fd = openat(leaf->directory, leaf->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd >= 0)
      return made;
    if (errno == ENOTDIR || errno == ELOOP)
      fail("cannot copy to non-directory: %s", record->destination);
    if (errno != ENOENT)
      break;
  }
  fail_errno("open %s", record->destination);
}

void target_override(const struct record *record, struct stat *status) {
  if (record->has_uid)
    status->st_uid = record->uid;
  if (record->has_gid)
    status->st_gid = record->gid;
  if (record->has_mode)
    status->st_mode = (status->st_mode & S_IFMT) | record->mode;
  if (record->has_mtime)
    status->st_atim = status->st_mtim = (struct timespec){.tv_sec = record->mtime};
}
