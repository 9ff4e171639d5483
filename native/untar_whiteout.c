#define _GNU_SOURCE
#include "untar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PREFIX ".wh."
#define META ".wh..wh."
#define OPAQUE ".wh..wh..opq"

/* As overlayfs spells it: a character device 0:0. Something of this layer at the same name hides the lower
 * one anyway; a directory must be opaque for that. */
static void whiteout_to_overlay(int parent, const char *target, const char *path) {
  struct stat st;
  if (mknodat(parent, target, S_IFCHR | 0600, 0) == 0)
    return;
  if (errno != EEXIST || fstatat(parent, target, &st, AT_SYMLINK_NOFOLLOW) != 0)
    fail_errno("whiteout of /%s", path);
  if (S_ISDIR(st.st_mode))
    tree_replace(path);
}

static void opaque(int parent, const char *directory) {
  if (options.whiteouts == WHITEOUTS_OVERLAY)
    tree_set_opaque(directory);
  else
    tree_empty_older(parent);
}

/* OCI image-spec, layer.md: "Whiteouts". */
bool whiteout_entry(const struct entry *entry) {
  const char *slash = strrchr(entry->name, '/');
  const char *base = slash == NULL ? entry->name : slash + 1;
  if (strncmp(base, PREFIX, strlen(PREFIX)) != 0)
    return false;
  const char *target = base + strlen(PREFIX);
  if (*target == '\0' || strcmp(target, ".") == 0 || strcmp(target, "..") == 0)
    fail("invalid whiteout /%s", entry->name);
  char path[NAME_LIMIT + 1];
  size_t directory = (size_t)(base - entry->name);
  memcpy(path, entry->name, directory);
  path[directory > 0 ? directory - 1 : 0] = '\0';
  int parent = tree_parent(entry->name, &base);
  if (strcmp(base, OPAQUE) == 0) {
    opaque(parent, path);
  } else if (strncmp(base, META, strlen(META)) !=
             0) { /* other .wh..wh. names are AUFS's own and mean nothing here */
    memcpy(path, entry->name, directory);
    strcpy(path + directory, target);
    if (options.whiteouts == WHITEOUTS_OVERLAY)
      whiteout_to_overlay(parent, target, path);
    else
      tree_remove_older(parent, target);
  }
  reader_skip(entry->stored);
  reader_padding(entry->stored);
  return true;
}
