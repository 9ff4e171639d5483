#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy_file.h"
#include "files.h"
#include "place.h"
#include "tar.h"

/* Somebody may put something there as fast as it is removed. */
#define MAX_ATTEMPTS 64

/* What a layer can hold (tar_xattr.c) without the marks of an overlay, which would be its own. What the
 * target's file system cannot keep is left out, as in Docker. */
static void copy_attributes(const struct record *record, int from, int to) {
  strcpy(tar_path, record->source + (*record->source == '/'));
  struct tar_xattrs xattrs = xattrs_read(from);
  for (size_t i = 0; i < xattrs.count; i++) {
    const struct tar_xattr *xattr = &xattrs.list[i];
    if (xattr_is_overlays_own(xattr->name) || fsetxattr(to, xattr->name, xattr->value, xattr->size, 0) == 0)
      continue;
    if (errno != ENOTSUP && errno != EPERM)
      fail_errno("set %s on %s", xattr->name, record->destination);
  }
}

/* chown clears set-user-ID bits and capabilities, so it comes first. */
static void set_owner_and_mode(const struct record *record, int from, int to, const struct stat *status) {
  if (fchown(to, status->st_uid, status->st_gid) != 0)
    fail_errno("chown %s", record->destination);
  copy_attributes(record, from, to);
  if (fchmod(to, status->st_mode & 07777) != 0)
    fail_errno("chmod %s", record->destination);
}

static const struct leaf *unfinished;

static void remove_unfinished(void) {
  int error = errno;
  (void)unlinkat(unfinished->directory, unfinished->name, 0);
  errno = error;
}

static int create_file(const struct record *record, const struct leaf *to) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    int fd = openat(to->directory, to->name, flags, 0600);
    if (fd >= 0)
      return fd;
    if (errno != EEXIST)
      break;
    target_clear(record, to);
    errno = EEXIST;
  }
  fail_errno("create %s", record->destination);
}

static int open_source(const struct record *record, const struct leaf *from, mode_t type,
                       struct stat *status) {
  int fd = openat(from->directory, from->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || fstat(fd, status) != 0)
    fail_errno("open %s", record->source);
  if ((status->st_mode & S_IFMT) != type)
    fail("%s was replaced while it was copied", record->source);
  return fd;
}

static void copy_content(const struct record *record, int from, int to, off_t size) {
  struct stat after;
  if (copy_data(from, to, size) != 0)
    fail_errno("copy %s to %s", record->source, record->destination);
  if (fstat(from, &after) != 0)
    fail_errno("stat %s", record->source);
  if (after.st_size < size)
    fail("%s became shorter while it was copied", record->source);
}

static void copy_file(const struct record *record, const struct leaf *from, const struct leaf *to) {
  struct stat status;
  AUTO_CLOSE int source = open_source(record, from, S_IFREG, &status);
  AUTO_CLOSE int target = create_file(record, to);
  unfinished = to;
  before_failing(remove_unfinished);
  copy_content(record, source, target, status.st_size);
  target_override(record, &status);
  set_owner_and_mode(record, source, target, &status);
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (futimens(target, times) != 0)
    fail_errno("set the times of %s", record->destination);
  before_failing(NULL);
}

static void copy_directory(const struct record *record, const struct leaf *from, const struct leaf *to) {
  struct stat status;
  AUTO_CLOSE int source = open_source(record, from, S_IFDIR, &status), target = -1;
  bool made = target_directory(record, to, &target);
  if (!made && !record->existing)
    return;
  target_override(record, &status);
  set_owner_and_mode(record, source, target, &status);
  target_time_later(target, to->path, &status.st_mtim);
}

/* With its mode from the start: chmod would follow a link that somebody has put there meanwhile. */
static int make_node(const struct leaf *to, const struct stat *status, const char *link) {
  if (S_ISLNK(status->st_mode))
    return symlinkat(link, to->directory, to->name);
  return mknodat(to->directory, to->name, status->st_mode, status->st_rdev);
}

/* By descriptor, and only of what is the kind of thing that was made and has no other name. */
static void settle_node(const struct record *record, const struct leaf *to, const struct stat *status) {
  const struct timespec times[2] = {status->st_atim, status->st_mtim};
  struct stat made;
  AUTO_CLOSE int fd = openat(to->directory, to->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &made) != 0)
    fail_errno("open %s", record->destination);
  if ((made.st_mode & S_IFMT) != (status->st_mode & S_IFMT) || made.st_nlink != 1)
    fail("%s was replaced while it was made", record->destination);
  if (fchownat(fd, "", status->st_uid, status->st_gid, AT_EMPTY_PATH) != 0)
    fail_errno("chown %s", record->destination);
  if (utimensat(fd, "", times, AT_EMPTY_PATH) != 0)
    fail_errno("set the times of %s", record->destination);
}

static void copy_special(const struct record *record, const struct leaf *from, const struct leaf *to,
                         struct stat *status) {
  char link[PATH_MAX] = "";
  if (S_ISLNK(status->st_mode)) {
    ssize_t size = readlinkat(from->directory, from->name, link, sizeof link - 1);
    if (size < 0)
      fail_errno("read the link %s", record->source);
    link[size] = '\0';
  }
  target_override(record, status);
  for (int attempt = 0; make_node(to, status, link) != 0; attempt++) {
    if (errno != EEXIST || attempt == MAX_ATTEMPTS)
      fail_errno("create %s", record->destination);
    target_clear(record, to);
  }
  settle_node(record, to, status);
}

void place_copy(const struct record *record) {
  AUTO_LEAF struct leaf from, to = {.directory = -1};
  struct stat status;
  if (place_source.root < 0)
    fail("place: there is no source");
  if (root_leaf(&place_source, record->source, record->follow_source, false, &from) != 0 ||
      fstatat(from.directory, from.name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    fail_errno("lstat %s", record->source);
  target_open(record, &to);
  if (S_ISREG(status.st_mode))
    copy_file(record, &from, &to);
  else if (S_ISDIR(status.st_mode))
    copy_directory(record, &from, &to);
  else
    copy_special(record, &from, &to, &status);
}
