#include "tar.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "confine.h"

struct tar_options tar_options;

#define USAGE                                                                                                \
  "usage: gantry-init tar <directory> [--overlay | --compare <lower directory>] [--mount-point PATH]... "    \
  "[--known PATH:MODE:UID:GID]..."

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

/* Returns the lower directory, or NULL. */
static const char *parse_options(int argc, char **argv) {
  const char *lower = NULL;
  for (int i = 2; i < argc; i++) {
    char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--overlay") == 0 && lower == NULL) {
      tar_options.source = SOURCE_OVERLAY;
      continue;
    }
    if (value == NULL)
      fail(USAGE);
    if (strcmp(argv[i], "--compare") == 0 && tar_options.source == SOURCE_WHOLE) {
      tar_options.source = SOURCE_COMPARE;
      lower = value;
    } else if (strcmp(argv[i], "--mount-point") == 0)
      add_mount_point(value);
    else if (strcmp(argv[i], "--known") == 0)
      add_known(value);
    else
      fail(USAGE);
    i++;
  }
  return lower;
}

/* A tree may be deeper than the usual limit of descriptors, of which every level holds one or two. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    fail_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    fail_errno("setrlimit");
}

static void confine_tar(const char *directory, const char *lower, int *lower_fd) {
  static const int system_calls[] = {SYS_openat, SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr};
  struct confinement confinement = {
      .directory = directory,
      .mount_flags = MS_RDONLY | MS_NOATIME,
      .second = lower,
      .second_fd = lower_fd,
      .capabilities = 1ull << CAP_DAC_READ_SEARCH,
      .system_calls = system_calls,
      .system_call_count = sizeof system_calls / sizeof *system_calls,
  };
  /* trusted.overlay.opaque can only be read with this one. */
  if (tar_options.source == SOURCE_OVERLAY)
    confinement.capabilities |= 1ull << CAP_SYS_ADMIN;
  confine(&confinement);
}

static int open_root(int directory, const char *path) {
  int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    fail_errno("open the tree");
  return fd;
}

/* Success: exit 0 and a whole archive on stdout. Failure: exit 1 and {"error":"…"} on stderr. */
int tar_main(int argc, char **argv) {
  int lower = -1;
  if (argc < 2)
    fail(USAGE);
  const char *lower_path = parse_options(argc, argv);
  raise_descriptor_limit();
  confine_tar(argv[1], lower_path, &lower);
  writer_open();
  if (lower >= 0)
    compare_links(open_root(AT_FDCWD, "/"), open_root(lower, "."));
  tar_walk(open_root(AT_FDCWD, "/"), lower < 0 ? -1 : open_root(lower, "."));
  writer_finish();
  return 0;
}
