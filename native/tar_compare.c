#include "tar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "inode_map.h"

/* A file with several names of which one is new or different is told with all of its names, or the names
 * would no longer be of one file. So before anything is told, both trees are searched for such files. */
static struct inode_map relinked;             /* value 1 */
static struct inode_map counterparts;         /* inode here -> inode number there */
static struct inode_map counterparts_of_them; /* inode there -> inode number here */

static bool same_time(struct timespec one, struct timespec other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

static bool same_status(const struct stat *status, const struct stat *below) {
  if (status->st_mode != below->st_mode || status->st_uid != below->st_uid || status->st_gid != below->st_gid)
    return false;
  if (S_ISDIR(status->st_mode))
    return true;
  return status->st_rdev == below->st_rdev && status->st_size == below->st_size &&
         same_time(status->st_mtim, below->st_mtim);
}

static bool same_target(int directory, int lower, const char *name) {
  char one[NAME_LIMIT + 1], other[NAME_LIMIT + 1];
  ssize_t size = readlinkat(directory, name, one, sizeof one);
  return size >= 0 && size == readlinkat(lower, name, other, sizeof other) &&
         memcmp(one, other, (size_t)size) == 0;
}

static bool same_xattrs(int directory, int lower, const char *name) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  AUTO_CLOSE int one = openat(directory, name, flags);
  AUTO_CLOSE int other = openat(lower, name, flags);
  return one >= 0 && other >= 0 && xattrs_equal(one, other);
}

bool compare_same(int directory, const struct stat *status, int lower, const struct stat *below,
                  const char *name) {
  if (!same_status(status, below))
    return false;
  /* Shared with a snapshot (btrfs) and not touched since: every change of an inode moves its change time. */
  if (status->st_ino == below->st_ino && same_time(status->st_ctim, below->st_ctim))
    return true;
  if (S_ISLNK(status->st_mode))
    return same_target(directory, lower, name);
  return (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)) || same_xattrs(directory, lower, name);
}

bool compare_relinked(const struct stat *status) {
  return inode_map_get(&relinked, status->st_dev, status->st_ino) != 0;
}

static void note_relinked(const struct stat *status) {
  inode_map_put(&relinked, status->st_dev, status->st_ino, 1);
}

/* Notes that `from` is `to` in the other tree; false when it was already something else. */
static bool note_counterpart(struct inode_map *map, const struct stat *from, const struct stat *to) {
  uint64_t known = inode_map_get(map, from->st_dev, from->st_ino);
  if (known == 0)
    inode_map_put(map, from->st_dev, from->st_ino, to->st_ino);
  return known == 0 || known == to->st_ino;
}

static void compare_names(int directory, int lower, const char *name, const struct stat *status) {
  struct stat below;
  bool there = lower >= 0 && fstatat(lower, name, &below, AT_SYMLINK_NOFOLLOW) == 0;
  if (status->st_nlink < 2 && (!there || below.st_nlink < 2))
    return;
  if (!there || !compare_same(directory, status, lower, &below, name)) {
    note_relinked(status);
    return;
  }
  bool here = note_counterpart(&counterparts, status, &below);
  if (!note_counterpart(&counterparts_of_them, &below, status) || !here)
    note_relinked(status);
}

void compare_links(int root, int lower) {
  struct names names;
  names_read(root, &names);
  for (size_t i = 0; i < names.count; i++) {
    struct stat status;
    const char *name = names.sorted[i];
    if (fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (!S_ISDIR(status.st_mode)) {
      compare_names(root, lower, name, &status);
      continue;
    }
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    AUTO_CLOSE int here = openat(root, name, flags);
    AUTO_CLOSE int there = lower < 0 ? -1 : openat(lower, name, flags);
    if (here >= 0)
      compare_links(here, there);
  }
  names_free(&names);
}
