#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "confine.h"
#include "files.h"
#include "process.h"

struct parents place_parents;
struct stage place_source = {.root = -1}, place_target = {.root = -1};

#define USAGE                                                                                                \
  "usage: gantry-init place <directory> [--source <directory>] [--parents-owner UID:GID] "                   \
  "[--parents-mtime SECONDS]"

static void parse_option(struct confinement *confinement, const char *option, const char *value) {
  char rest;
  long long mtime = 0;
  if (value != NULL && strcmp(option, "--source") == 0) {
    confinement->second = value;
  } else if (value != NULL && strcmp(option, "--parents-owner") == 0) {
    if (sscanf(value, "%u:%u%c", &place_parents.uid, &place_parents.gid, &rest) != 2)
      fail(USAGE);
  } else if (value != NULL && strcmp(option, "--parents-mtime") == 0) {
    if (sscanf(value, "%lld%c", &mtime, &rest) != 1)
      fail(USAGE);
    place_parents.has_mtime = true;
    place_parents.mtime = mtime;
  } else {
    fail(USAGE);
  }
}

static void confine_place(struct confinement *confinement) {
  static const int system_calls[] = {
      SYS_openat,    SYS_openat2,   SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr,
      SYS_fsetxattr, SYS_mkdirat,   SYS_mknodat,    SYS_symlinkat,  SYS_linkat,
      SYS_unlinkat,  SYS_fchown,    SYS_fchownat,   SYS_fchmod,     SYS_utimensat,
      SYS_ioctl,     SYS_ftruncate, SYS_sendfile,   SYS_statfs,     SYS_copy_file_range,
  };
  confinement->second_fd = &place_source.root;
  confinement->capabilities = 1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH |
                              1ull << CAP_FOWNER | 1ull << CAP_FSETID | 1ull << CAP_MKNOD |
                              1ull << CAP_SETFCAP;
  confinement->system_calls = system_calls;
  confinement->system_call_count = sizeof system_calls / sizeof *system_calls;
  confine(confinement);
}

/* False when it was refused. */
static bool answer(void) {
  struct statfs fs;
  if (statfs("/", &fs) != 0)
    fail_errno("statfs");
  bool writable = (fs.f_flags & ST_RDONLY) == 0;
  puts(writable ? "{\"ready\":true}" : "{\"refused\":\"read-only root\"}");
  if (fflush(stdout) != 0)
    fail_errno("write the answer");
  return writable;
}

static void perform_record(const struct record *record) {
  switch (record->action) {
  case ACTION_COPY:
    place_copy(record);
    break;
  case ACTION_DIRECTORY:
    place_directory(record);
    break;
  case ACTION_LINK:
    place_link(record);
    break;
  case ACTION_REMOVE:
    place_remove(record);
    break;
  }
}

/* The first line of the answer says {"ready":true} before the list is read, or {"refused":"read-only root"}.
 * Success: exit 0. Failure: exit 1 and {"error":"…"} on stderr; what was made by then stays. */
int place_main(int argc, char **argv) {
  struct record record;
  if (argc < 2 || argc % 2 != 0)
    fail(USAGE);
  struct confinement confinement = {.directory = argv[1]};
  for (int i = 2; i < argc; i += 2)
    parse_option(&confinement, argv[i], argv[i + 1]);
  if (end_with_parent() != 0)
    fail_errno("PR_SET_PDEATHSIG");
  raise_descriptor_limit();
  confine_place(&confinement);
  if (!answer())
    return 0;
  while (record_next(&record))
    perform_record(&record);
  target_finish();
  return 0;
}
