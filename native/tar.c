#include "tar.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "confine.h"
#include "path_stat.h"
#include "process.h"

struct tar_options tar_options = {.newest = INT64_MAX};

#define USAGE                                                                                                \
  "usage: gantry-init tar <directory> [--overlay | --compare <lower directory>] [--mount-point PATH]... "    \
  "[--known PATH:MODE:UID:GID]... [--newest SECONDS] [--list] | <directory> [--process PID:STARTTIME] "      \
  "[--submounts] "                                                                                           \
  "[--hide PATH]... [--member PATH --as NAME [--status]]"

static void add_mount_point(const char *path) {
  if (tar_options.mount_point_count == PATHS_MAX)
    fail("tar: more than %d mount points", PATHS_MAX);
  tar_options.mount_points[tar_options.mount_point_count++] = path;
}

/* "etc:755:0:0" */
static void add_known(char *text) {
  struct known_directory known = {.path = text};
  char *colon = strchr(text, ':'), rest;
  if (tar_options.known_count == PATHS_MAX)
    fail("tar: more than %d known directories", PATHS_MAX);
  if (colon == NULL || sscanf(colon, ":%o:%u:%u%c", &known.mode, &known.uid, &known.gid, &rest) != 3)
    fail("tar: --known takes PATH:MODE:UID:GID");
  *colon = '\0';
  tar_options.known[tar_options.known_count++] = known;
}

static void parse_newest(const char *text) {
  char rest;
  long long seconds;
  if (sscanf(text, "%lld%c", &seconds, &rest) != 1)
    fail("tar: --newest takes seconds");
  tar_options.newest = seconds;
}

static bool parse_word(const char *word) {
  if (strcmp(word, "--list") == 0)
    tar_options.list = true;
  else if (strcmp(word, "--status") == 0)
    tar_options.only_status = true;
  else if (strcmp(word, "--overlay") == 0 && tar_options.source == SOURCE_WHOLE)
    tar_options.source = SOURCE_OVERLAY;
  else
    return false;
  return true;
}

static void parse_pair(struct confinement *confinement, const char *option, char *value) {
  if (value == NULL)
    fail(USAGE);
  if (strcmp(option, "--compare") == 0 && tar_options.source == SOURCE_WHOLE) {
    tar_options.source = SOURCE_COMPARE;
    confinement->second = value;
  } else if (strcmp(option, "--mount-point") == 0)
    add_mount_point(value);
  else if (strcmp(option, "--known") == 0)
    add_known(value);
  else if (strcmp(option, "--newest") == 0)
    parse_newest(value);
  else if (strcmp(option, "--member") == 0)
    tar_options.member = value;
  else if (strcmp(option, "--as") == 0)
    tar_options.as = value;
  else
    fail(USAGE);
}

static void parse_options(struct confinement *confinement, int argc, char **argv) {
  confine_options(confinement, argc, argv, parse_word, parse_pair);
  if ((tar_options.member == NULL) != (tar_options.as == NULL))
    fail(USAGE);
}

static void confine_tar(struct confinement *confinement) {
  static const int system_calls[] = {SYS_openat, SYS_openat2, SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr};
  confinement->read_only = true;
  confinement->capabilities = 1ull << CAP_DAC_READ_SEARCH;
  confinement->system_calls = system_calls;
  confinement->system_call_count = sizeof system_calls / sizeof *system_calls;
  /* trusted.overlay.opaque can only be read with this one. */
  if (tar_options.source == SOURCE_OVERLAY)
    confinement->capabilities |= 1ull << CAP_SYS_ADMIN;
  confine(confinement);
}

static int open_root(int directory, const char *path) {
  int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    fail_errno("open the tree");
  return fd;
}

static void write_tree(int lower) {
  if (lower >= 0)
    compare_links(open_root(AT_FDCWD, "/"), open_root(lower, "."));
  tar_walk(open_root(AT_FDCWD, "/"), lower < 0 ? -1 : open_root(lower, "."));
}

/* Success: exit 0 and the whole of it on stdout. Failure: exit 1 and {"error":"…"} on stderr. */
int tar_main(int argc, char **argv) {
  int lower = -1;
  struct path_found found;
  if (argc < 2)
    fail(USAGE);
  struct confinement confinement = {.directory = argv[1], .second_fd = &lower};
  parse_options(&confinement, argc, argv);
  if (end_with_parent() != 0)
    fail_errno("PR_SET_PDEATHSIG");
  raise_descriptor_limit();
  confine_tar(&confinement);
  writer_open();
  if (tar_options.member != NULL && (!pack_begin(tar_options.member, &found) || tar_options.only_status))
    return 0;
  if (tar_options.member != NULL)
    pack_member(tar_options.member, &found);
  else
    write_tree(lower);
  if (tar_options.list)
    writer_flush();
  else
    writer_finish();
  return 0;
}
