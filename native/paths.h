/* Paths of the container: always beneath stage->root, by descriptor, never through magic links
 * (CVE-2021-30465, CVE-2024-45310). All return a descriptor or -1 with errno. */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ops.h"

/* openat2 in the root. flags as for open(2) (close-on-exec is added); `resolve`: further RESOLVE_* bits. */
int root_open(struct stage *stage, const char *target, int flags, uint64_t resolve);
/* O_PATH of the directory or file, which is made (0755 or 0644, owned by the caller) with its parents when
 * missing. Dangling symbolic links are followed to the place they name in the root. */
int root_make_directory(struct stage *stage, const char *target);
int root_make_file(struct stage *stage, const char *target);
/* O_PATH of the directory that holds the last component, made when missing; `name` points at that component
 * of `target` (which must not end in a slash, "." or ".."). */
int root_parent(struct stage *stage, const char *target, const char **name);

/* What a path names: the directory that holds it (O_PATH) and its name in there; "." in itself for "/" and
 * what ends in a slash, "." or "..". */
struct leaf {
  int directory;
  const char *name;
  char path[PATH_MAX]; /* as given, or what the links led to */
};
void leaf_close(struct leaf *leaf);
#define AUTO_LEAF __attribute__((cleanup(leaf_close)))

/* `follow`: links in place of the last component are followed, also to where nothing is. `make`: missing
 * parents are made. 0, or -1 with errno. */
int root_leaf(struct stage *stage, const char *target, bool follow, bool make, struct leaf *leaf);
