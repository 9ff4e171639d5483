#include "copy_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "copy_file.h"
#include "directory.h"
#include "files.h"

/* Each level holds three descriptors, of which 1024 are what a process usually may have. */
#define MAX_DEPTH 300
/* A file with several names that was met, and where its copy is. */
struct seen {
  dev_t device;
  ino_t inode;
  char *copy; /* path in the target; NULL: an empty slot */
};

struct copier {
  int target;
  char path[PATH_MAX]; /* of the entry being copied, in the target */
  size_t length;
  struct seen *seen; /* hash table, at most half full */
  size_t seen_count, seen_slots;
  int depth;
};

static int copy_directory(struct copier *copier, int from, int to);

static int copy_subdirectory(struct copier *copier, int from_dir, const char *name, int to_dir) {
  AUTO_CLOSE int from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0 || mkdirat(to_dir, name, 0700) != 0)
    return -1;
  AUTO_CLOSE int to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return to < 0 ? -1 : copy_directory(copier, from, to);
}

/* The slot of an inode: its own, or the empty one where it belongs. */
static struct seen *slot_of(const struct copier *copier, dev_t device, ino_t inode) {
  size_t mask = copier->seen_slots - 1, at = (size_t)(inode * 0x9e3779b97f4a7c15u >> 20) & mask;
  while (copier->seen[at].copy && (copier->seen[at].inode != inode || copier->seen[at].device != device))
    at = (at + 1) & mask;
  return &copier->seen[at];
}

static int grow_seen(struct copier *copier) {
  struct copier bigger = {.seen_slots = copier->seen_slots ? copier->seen_slots * 2 : 64};
  bigger.seen = calloc(bigger.seen_slots, sizeof *bigger.seen);
  if (!bigger.seen)
    return -1;
  for (size_t i = 0; i < copier->seen_slots; i++)
    if (copier->seen[i].copy)
      *slot_of(&bigger, copier->seen[i].device, copier->seen[i].inode) = copier->seen[i];
  free(copier->seen);
  copier->seen = bigger.seen;
  copier->seen_slots = bigger.seen_slots;
  return 0;
}

static int remember(struct copier *copier, const struct stat *status) {
  if (copier->seen_count * 2 >= copier->seen_slots && grow_seen(copier) != 0)
    return -1;
  char *copy = strdup(copier->path);
  if (!copy)
    return -1;
  *slot_of(copier, status->st_dev, status->st_ino) = (struct seen){status->st_dev, status->st_ino, copy};
  copier->seen_count++;
  return 0;
}

/* 1 when `name` was made as a further name of a file already copied, 0 when it was not seen, -1 with errno.
 */
static int link_again(const struct copier *copier, const struct stat *status, int to, const char *name) {
  const struct seen *seen = copier->seen_slots ? slot_of(copier, status->st_dev, status->st_ino) : NULL;
  if (!seen || !seen->copy)
    return 0;
  /* Whoever has the target open may have put a link to elsewhere into the way meanwhile. */
  AUTO_CLOSE int copy = open_beneath_at(copier->target, seen->copy, O_PATH | O_NOFOLLOW);
  return copy >= 0 && linkat(copy, "", to, name, AT_EMPTY_PATH) == 0 ? 1 : -1;
}

static int copy_entry(struct copier *copier, int from, const char *name, int to) {
  struct stat status;
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return -1;
  if (S_ISDIR(status.st_mode))
    return copy_subdirectory(copier, from, name, to);
  bool several = status.st_nlink > 1;
  int linked = several ? link_again(copier, &status, to, name) : 0;
  if (linked != 0)
    return linked < 0 ? -1 : 0;
  int result = S_ISREG(status.st_mode) ? copy_regular(from, name, to) : copy_node(from, name, to, &status);
  return result == 0 && several ? remember(copier, &status) : result;
}

/* Keeps `path` up to date around one entry. */
static int copy_named(struct copier *copier, int from, const char *name, int to) {
  size_t before = copier->length, size = strlen(name);
  if (before + size + 2 > sizeof copier->path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (before > 0)
    copier->path[copier->length++] = '/';
  memcpy(copier->path + copier->length, name, size + 1);
  copier->length += size;
  int result = copy_entry(copier, from, name, to);
  copier->length = before;
  copier->path[before] = 0;
  return result;
}

static void close_directory(DIR **directory) {
  int saved = errno;
  if (*directory)
    closedir(*directory);
  errno = saved;
}

static int copy_entries(struct copier *copier, int from, int to) {
  AUTO_CLOSE int listed = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  __attribute__((cleanup(close_directory))) DIR *directory = listed < 0 ? NULL : fdopendir(listed);
  if (!directory)
    return -1;
  keep_fd(&listed);
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (!entry)
      return errno ? -1 : 0;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (copy_named(copier, from, entry->d_name, to) != 0)
      return -1;
  }
}

static int copy_directory(struct copier *copier, int from, int to) {
  struct stat status;
  if (copier->depth >= MAX_DEPTH) {
    errno = ELOOP;
    return -1;
  }
  copier->depth++;
  int result = fstat(from, &status) != 0 || copy_entries(copier, from, to) != 0 ||
                       copy_xattrs(from, to) != 0 || copy_status(to, &status) != 0
                   ? -1
                   : 0;
  copier->depth--;
  return result;
}

static void forget(struct copier *copier) {
  int saved = errno;
  for (size_t i = 0; i < copier->seen_slots; i++)
    free(copier->seen[i].copy);
  free(copier->seen);
  errno = saved;
}

int copy_tree_contents(int from, int to) {
  __attribute__((cleanup(forget))) struct copier copier = {0};
  AUTO_CLOSE int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSE int target = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  copier.target = target;
  return source < 0 || target < 0 ? -1 : copy_directory(&copier, source, target);
}
