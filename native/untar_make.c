#define _GNU_SOURCE
#include "untar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "files.h"

/* overlayfs keeps its own state in these; an image that brings its own would rewrite the tree (redirects,
 * opaque). */
static bool is_reserved(const char *name) {
  return strncmp(name, "trusted.", 8) == 0 || strncmp(name, "user.overlay.", 13) == 0;
}

static int set_xattr(int fd, const char *path, const struct xattr *xattr) {
  return fd >= 0 ? fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0)
                 : lsetxattr(path, xattr->name, xattr->value, xattr->size, 0);
}

/* `fd`: -1 for what cannot be opened. */
static void set_xattrs(int fd, const struct entry *entry) {
  for (size_t i = 0; i < entry->xattr_count; i++) {
    const struct xattr *xattr = &entry->xattrs[i];
    if (is_reserved(xattr->name) || set_xattr(fd, entry->name, xattr) == 0)
      continue;
    /* What this file system or kernel cannot keep is left out, as Docker does. */
    if (errno != ENOTSUP && errno != EPERM)
      fail_errno("set %s on /%s", xattr->name, entry->name);
  }
}

/* layer.md, "Applying Changesets": a layer replaces the attributes of a directory that is there already.
 * Labels are the host's. */
static void remove_xattrs(const char *path) {
  char names[64 << 10];
  if (options.whiteouts == WHITEOUTS_NONE)
    return; /* not a layer */
  ssize_t length = llistxattr(path, names, sizeof names);
  if (length < 0 && errno != ENOTSUP)
    fail_errno("list the attributes of /%s", path);
  for (const char *name = names; name < names + length; name += strlen(name) + 1)
    if (strncmp(name, "user.", 5) == 0 && lremovexattr(path, name) != 0)
      fail_errno("remove %s from /%s", name, path);
}

static void copy_data(int fd, uint64_t size, const char *name) {
  const uint8_t *data;
  while (size > 0) {
    size_t n = reader_some(&data, size);
    if (write_all(fd, data, n) != 0)
      fail_errno("write /%s", name);
    space_taken(n);
    size -= n;
  }
}

static void copy_sparse(int fd, const struct entry *entry) {
  for (size_t i = 0; i < entry->extent_count; i++) {
    if (lseek(fd, (off_t)entry->extents[i].offset, SEEK_SET) < 0)
      fail_errno("seek /%s", entry->name);
    copy_data(fd, entry->extents[i].length, entry->name);
  }
  if (ftruncate(fd, (off_t)entry->size) != 0)
    fail_errno("truncate /%s", entry->name);
}

static int create_file(int parent, const char *base, const struct entry *entry) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, base, flags, entry->mode & 0777);
  if (fd < 0 && errno == EEXIST) {
    bool whiteout;
    tree_clear(parent, base, false, &whiteout);
    fd = openat(parent, base, flags, entry->mode & 0777);
  }
  if (fd < 0)
    fail_errno("create /%s", entry->name);
  return fd;
}

/* In a container nothing is left of a file whose rest did not come or had no room. */
static struct {
  int parent;
  const char *base;
} unfinished;

static void remove_unfinished(void) {
  int error = errno;
  (void)unlinkat(unfinished.parent, unfinished.base, 0);
  errno = error;
}

static void begin_file(int parent, const char *base) {
  unfinished.parent = parent;
  unfinished.base = base;
  before_failing(remove_unfinished);
}

static uint64_t make_file(int parent, const char *base, const struct entry *entry) {
  AUTO_CLOSE int fd = create_file(parent, base, entry);
  if (options.into != NULL)
    begin_file(parent, base);
  if (entry->sparse)
    copy_sparse(fd, entry);
  else
    copy_data(fd, entry->stored, entry->name);
  reader_padding(entry->stored);
  /* chown clears set-user-id bits and capabilities, so it comes first; then mode, attributes, times. */
  if (fchown(fd, entry->uid, entry->gid) != 0)
    fail_errno("chown /%s", entry->name);
  if (fchmod(fd, entry->mode) != 0)
    fail_errno("chmod /%s", entry->name);
  set_xattrs(fd, entry);
  const struct timespec times[2] = {entry->mtime, entry->mtime};
  if (futimens(fd, times) != 0)
    fail_errno("set the times of /%s", entry->name);
  before_failing(NULL);
  return entry->stored;
}

static void make_directory(int parent, const char *base, const struct entry *entry) {
  bool whiteout = false;
  if (mkdirat(parent, base, 0700) != 0) {
    if (errno != EEXIST)
      fail_errno("mkdir /%s", entry->name);
    if (tree_clear(parent, base, true, &whiteout))
      remove_xattrs(entry->name);
    else if (mkdirat(parent, base, 0700) != 0)
      fail_errno("mkdir /%s", entry->name);
  }
  /* By descriptor: in a container another may stand here by now, or a link to something else. */
  AUTO_CLOSE int fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    fail_errno("open /%s", entry->name);
  if (fchown(fd, entry->uid, entry->gid) != 0)
    fail_errno("chown /%s", entry->name);
  if (fchmod(fd, entry->mode) != 0)
    fail_errno("chmod /%s", entry->name);
  if (whiteout)
    tree_set_opaque(entry->name);
  set_xattrs(fd, entry);
  tree_explicit_directory(entry->name, &entry->mtime);
}

static int create_node(int parent, const char *base, const struct entry *entry) {
  switch (entry->type) {
  case '1':
    return linkat(AT_FDCWD, entry->link, parent, base, 0);
  case '2':
    return symlinkat(entry->link, parent, base);
  case '3':
    return mknodat(parent, base, S_IFCHR | entry->mode, entry->device);
  case '4':
    return mknodat(parent, base, S_IFBLK | entry->mode, entry->device);
  default:
    return mknodat(parent, base, S_IFIFO | entry->mode, 0);
  }
}

/* Two names of one inode: the link is there already. Removing the name first could remove the target itself.
 */
static bool is_linked_already(int parent, const char *base, const struct entry *entry) {
  struct stat from, to;
  return entry->type == '1' && fstatat(AT_FDCWD, entry->link, &to, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstatat(parent, base, &from, AT_SYMLINK_NOFOLLOW) == 0 && from.st_ino == to.st_ino;
}

static void make_node(int parent, const char *base, const struct entry *entry) {
  if (create_node(parent, base, entry) != 0) {
    bool whiteout;
    if (errno != EEXIST)
      fail_errno("create /%s", entry->name);
    if (is_linked_already(parent, base, entry))
      return;
    tree_clear(parent, base, false, &whiteout);
    if (create_node(parent, base, entry) != 0)
      fail_errno("create /%s", entry->name);
  }
  if (entry->type == '1')
    return;
  if (fchownat(parent, base, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) != 0)
    fail_errno("chown /%s", entry->name);
  /* fchmodat follows links, and in a container one may stand here by now: there the mode is the one it was
   * made with. */
  if (entry->type != '2' && options.into == NULL && fchmodat(parent, base, entry->mode, 0) != 0)
    fail_errno("chmod /%s", entry->name);
  if (options.into == NULL)
    set_xattrs(-1, entry);
  const struct timespec times[2] = {entry->mtime, entry->mtime};
  if (utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) != 0)
    fail_errno("set the times of /%s", entry->name);
}

uint64_t make_entry(const struct entry *entry) {
  const char *base;
  if (*entry->name == '\0') {
    if (entry->type != '5')
      fail("the root directory cannot be replaced");
    /* As in moby, the archive does not decide over the root itself: whoever packs a private temporary
     * directory (mode 0700) would otherwise lock every user but root out. */
    return 0;
  }
  int parent = tree_parent(entry->name, &base);
  uint64_t bytes = 0;
  if (entry->type == '0')
    bytes = make_file(parent, base, entry);
  else if (entry->type == '5')
    make_directory(parent, base, entry);
  else
    make_node(parent, base, entry);
  tree_made(parent, base);
  return bytes;
}
