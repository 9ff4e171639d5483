#include "index.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "confine.h"
#include "files.h"
#include "owner.h"
#include "paths.h"
#include "process.h"

struct index_options index_options = {.depth = UINT32_MAX};

static struct stage stage = {.root = -1};
static const char *owner;

#define USAGE                                                                                                \
  "usage: gantry-init index <directory> [--process PID:STARTTIME] [--submounts] [--hide PATH]... "           \
  "[--digest] [--follow] [--depth N] | <directory> --owner USER[:GROUP]"

static bool parse_word(const char *word) {
  if (strcmp(word, "--digest") == 0)
    index_options.digest = true;
  else if (strcmp(word, "--follow") == 0)
    index_options.follow = true;
  else
    return false;
  return true;
}

static void parse_pair(struct confinement *confinement, const char *option, char *value) {
  char rest;
  (void)confinement;
  if (value != NULL && strcmp(option, "--owner") == 0)
    owner = value;
  else if (value == NULL || strcmp(option, "--depth") != 0 ||
           sscanf(value, "%u%c", &index_options.depth, &rest) != 1)
    fail(USAGE);
}

static void confine_index(struct confinement *confinement) {
  static const int system_calls[] = {SYS_openat, SYS_openat2, SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr};
  confinement->read_only = true;
  confinement->capabilities = 1ull << CAP_DAC_READ_SEARCH;
  confinement->system_calls = system_calls;
  confinement->system_call_count = sizeof system_calls / sizeof *system_calls;
  confine(confinement);
}

static void index_path(const char *path) {
  AUTO_LEAF struct leaf leaf;
  if (*path != '/' || strlen(path) > NAME_LIMIT)
    fail("index: %.64s… is no absolute path, or too long", path);
  strcpy(tar_path, path + 1);
  if (root_leaf(&stage, path, index_options.follow, false, &leaf) == 0) {
    if (!index_entry(leaf.directory, leaf.name, index_options.depth))
      record_missing();
  } else if (errno == ENOENT || errno == ENOTDIR) {
    record_missing();
  } else {
    fail_errno("lstat %s", path);
  }
}

static void index_paths(void) {
  AUTO_FREE char *path = NULL;
  size_t capacity = 0;
  for (ssize_t size; (size = getdelim(&path, &capacity, '\0', stdin)) > 0;) {
    if (path[size - 1] != '\0')
      fail("index: the list of paths ends early");
    index_path(path);
  }
  if (ferror(stdin))
    fail_errno("read the list of paths");
}

static int print_owner(void) {
  uint32_t uid = 0, gid = 0;
  find_owner(&stage, owner, &uid, &gid);
  printf("{\"uid\":%u,\"gid\":%u}\n", uid, gid);
  return fflush(stdout) == 0 ? 0 : 1;
}

/* Success: exit 0 and the whole of it on stdout. Failure: exit 1 and {"error":"…"} on stderr. With --owner
 * the answer is {"uid":N,"gid":N}, what the tree's own files say about that user. */
int index_main(int argc, char **argv) {
  if (argc < 2)
    fail(USAGE);
  struct confinement confinement = {.directory = argv[1]};
  confine_options(&confinement, argc, argv, parse_word, parse_pair);
  if (end_with_parent() != 0)
    fail_errno("PR_SET_PDEATHSIG");
  raise_descriptor_limit();
  confine_index(&confinement);
  if (owner != NULL)
    return print_owner();
  writer_open();
  index_paths();
  writer_flush();
  return 0;
}
