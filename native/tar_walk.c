#include "tar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "files.h"

/* A directory on the way down. Its header is written before the first of its members that there is to tell.
 */
struct level {
  struct level *above;
  int fd;
  size_t path_length;
  struct stat status;
  bool written;
};

char tar_path[NAME_LIMIT + 1];

static void push(const struct level *level, const char *name) {
  size_t at = level->path_length, length = strlen(name);
  if (at + length + 2 > sizeof tar_path)
    fail("the name /%.64s… is longer than %d bytes", tar_path, NAME_LIMIT);
  if (at > 0)
    tar_path[at++] = '/';
  memcpy(tar_path + at, name, length + 1);
}

static void pop(const struct level *level) {
  tar_path[level->path_length] = '\0';
}

static void tell(struct level *level) {
  if (level->written)
    return;
  tell(level->above);
  char next = tar_path[level->path_length];
  tar_path[level->path_length] = '\0';
  member_directory(level->fd, &level->status);
  tar_path[level->path_length] = next;
  level->written = true;
}

static void tell_whiteout(struct level *level) {
  tell(level);
  member_whiteout();
}

static bool is_overlay_whiteout(const struct stat *status) {
  return tar_options.source == SOURCE_OVERLAY && S_ISCHR(status->st_mode) && status->st_rdev == 0;
}

/* Readers of a layer would take it for a whiteout. */
static bool is_reserved(const char *name) {
  return tar_options.source != SOURCE_WHOLE && strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
}

static bool is_mount_point(void) {
  for (size_t i = 0; i < tar_options.mount_point_count; i++)
    if (strcmp(tar_path, tar_options.mount_points[i]) == 0)
      return true;
  return false;
}

static bool is_known(int fd, const struct stat *status) {
  for (size_t i = 0; i < tar_options.known_count; i++) {
    const struct known_directory *known = &tar_options.known[i];
    if (strcmp(tar_path, known->path) != 0)
      continue;
    struct tar_xattrs xattrs = xattrs_read(fd);
    return (status->st_mode & 07777) == known->mode && status->st_uid == known->uid &&
           status->st_gid == known->gid && xattrs.count == 0 && !xattrs.opaque;
  }
  return false;
}

/* Whether the directory itself is something to tell, whatever is in it. `below`: the same in the other tree,
 * or NULL. */
static bool is_news(const struct level *level, int above, int lower, const struct stat *below,
                    const char *name) {
  if (below != NULL && S_ISDIR(below->st_mode))
    return !compare_same(above, &level->status, lower, below, name);
  return !is_mount_point() && !is_known(level->fd, &level->status);
}

static void walk(struct level *level, int lower);

static void visit_directory(struct level *above, const char *name, int lower, const struct stat *below) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  AUTO_CLOSE int fd = openat(above->fd, name, flags);
  AUTO_CLOSE int there = below != NULL && S_ISDIR(below->st_mode) ? openat(lower, name, flags) : -1;
  struct level level = {.above = above, .fd = fd, .path_length = strlen(tar_path)};
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
    return; /* gone, or replaced by something else */
  if (fd < 0 || fstat(fd, &level.status) != 0)
    fail_errno("open /%s", tar_path);
  if (is_news(&level, above->fd, lower, below, name))
    tell(&level);
  /* fuse-overlayfs makes every new directory opaque, also those that were only made to be mounted on. */
  if (tar_options.source == SOURCE_OVERLAY && !is_mount_point() && xattrs_read(fd).opaque) {
    tell(&level);
    member_opaque();
  }
  walk(&level, there);
}

static void visit(struct level *level, const char *name, int lower) {
  struct stat status, other;
  if (fstatat(level->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT)
      fail_errno("stat /%s", tar_path);
    if (lower >= 0)
      tell_whiteout(level);
    return;
  }
  const struct stat *below =
      lower >= 0 && fstatat(lower, name, &other, AT_SYMLINK_NOFOLLOW) == 0 ? &other : NULL;
  if (is_overlay_whiteout(&status)) {
    tell_whiteout(level);
  } else if (S_ISDIR(status.st_mode)) {
    visit_directory(level, name, lower, below);
  } else if (below != NULL) {
    if (!compare_relinked(&status) && compare_same(level->fd, &status, lower, below, name))
      return;
    tell(level);
    member_node(level->fd, name, &status);
  } else if (!S_ISREG(status.st_mode) || status.st_size > 0 || !is_mount_point()) {
    tell(level);
    member_node(level->fd, name, &status);
  }
}

/* Negative: only here comes next, positive: only there, 0: both. */
static int order(const struct names *here, size_t i, const struct names *there, size_t j) {
  if (i == here->count)
    return 1;
  return j == there->count ? -1 : strcmp(here->sorted[i], there->sorted[j]);
}

static void walk(struct level *level, int lower) {
  struct names here, there = {0};
  names_read(level->fd, &here);
  if (lower >= 0)
    names_read(lower, &there);
  for (size_t i = 0, j = 0; i < here.count || j < there.count;) {
    int which = order(&here, i, &there, j);
    const char *name = which <= 0 ? here.sorted[i] : there.sorted[j];
    i += which <= 0;
    j += which >= 0;
    if (is_reserved(name))
      continue;
    push(level, name);
    if (which > 0)
      tell_whiteout(level);
    else
      visit(level, name, which == 0 ? lower : -1);
    pop(level);
  }
  names_free(&here);
  names_free(&there);
}

void tar_walk_member(int directory) {
  struct level level = {.fd = directory, .path_length = strlen(tar_path), .written = true};
  if (fstat(directory, &level.status) != 0)
    fail_errno("stat /%s", tar_path);
  member_directory(directory, &level.status);
  walk(&level, -1);
}

void tar_walk(int root, int lower) {
  /* The root itself is no member: it is the reader's. */
  struct level level = {.fd = root, .written = true};
  walk(&level, lower);
}
