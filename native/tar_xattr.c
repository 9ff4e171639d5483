#include "tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define LIST_MAX (1u << 16) /* XATTR_LIST_MAX */
#define VALUES_MAX (1u << 20)
#define COUNT_MAX 256 /* as untar.h reads */

static bool begins(const char *name, const char *prefix) {
  return strncmp(name, prefix, strlen(prefix)) == 0;
}

static const char *const opaque_marks[] = {"trusted.overlay.opaque", "user.overlay.opaque",
                                           "user.fuseoverlayfs.opaque"};

bool xattr_is_overlays_own(const char *name) {
  return begins(name, "user.overlay.") || begins(name, "user.fuseoverlayfs.");
}

/* What a layer may say: what its users set, capabilities and access lists. Not labels and hashes that belong
 * to this host, nor trusted.*, which no reader of layers accepts. A pax key ends at the first "=". */
static bool is_kept(const char *name) {
  if (strchr(name, '=') != NULL)
    return false;
  if (begins(name, "user."))
    return tar_options.source != SOURCE_OVERLAY || !xattr_is_overlays_own(name);
  return strcmp(name, "security.capability") == 0 || begins(name, "system.posix_acl_");
}

static bool is_opaque_mark(int fd, const char *name) {
  char value = 0;
  for (size_t i = 0; i < sizeof opaque_marks / sizeof *opaque_marks; i++)
    if (strcmp(name, opaque_marks[i]) == 0)
      return fgetxattr(fd, name, &value, 1) == 1 && value == 'y';
  return false;
}

static int by_name(const void *one, const void *other) {
  return strcmp(((const struct tar_xattr *)one)->name, ((const struct tar_xattr *)other)->name);
}

/* Space for one file's attributes. */
struct holder {
  char names[LIST_MAX];
  char values[VALUES_MAX];
  struct tar_xattr list[COUNT_MAX];
};

static struct tar_xattrs read_into(struct holder *holder, int fd) {
  struct tar_xattrs xattrs = {.list = holder->list};
  size_t used = 0;
  ssize_t size = flistxattr(fd, holder->names, sizeof holder->names);
  if (size < 0 && errno != ENOTSUP)
    fail_errno("list the attributes of /%s", tar_path);
  for (const char *name = holder->names; name < holder->names + size; name += strlen(name) + 1) {
    if (tar_options.source == SOURCE_OVERLAY && is_opaque_mark(fd, name))
      xattrs.opaque = true;
    if (!is_kept(name))
      continue;
    ssize_t length = fgetxattr(fd, name, holder->values + used, sizeof holder->values - used);
    if (length < 0 && errno == ENODATA)
      continue;
    if (length < 0)
      fail_errno("read %s of /%s", name, tar_path);
    if ((size_t)length > sizeof holder->values - used)
      fail("/%s has more attributes than an archive can hold", tar_path);
    if (xattrs.count == COUNT_MAX)
      fail("/%s has more than %d extended attributes", tar_path, COUNT_MAX);
    holder->list[xattrs.count++] = (struct tar_xattr){name, holder->values + used, (size_t)length};
    used += (size_t)length;
  }
  qsort(holder->list, xattrs.count, sizeof *holder->list, by_name);
  return xattrs;
}

struct tar_xattrs xattrs_read(int fd) {
  static struct holder holder;
  return read_into(&holder, fd);
}

bool xattrs_equal(int fd, int other) {
  static struct holder holder;
  struct tar_xattrs one = xattrs_read(fd), two = read_into(&holder, other);
  if (one.count != two.count)
    return false;
  for (size_t i = 0; i < one.count; i++)
    if (strcmp(one.list[i].name, two.list[i].name) != 0 || one.list[i].size != two.list[i].size ||
        memcmp(one.list[i].value, two.list[i].value, one.list[i].size) != 0)
      return false;
  return true;
}
