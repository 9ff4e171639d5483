/* `gantry-init copy`: everything in one directory into another, empty one, shut into the two.
 *
 * Both belong to somebody else and containers may write to the source meanwhile: the process has pivoted into
 * the target, and has the source as a mount that is attached nowhere, so no symbolic link or rename leads out
 * of either (CVE-2023-0778). Files that share a file system share their blocks where it can do that. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include "confine.h"
#include "copy_tree.h"
#include "fail.h"
#include "files.h"

static void confine_copy(const char *from, const char *to, int *source) {
  static const int system_calls[] = {
      SYS_openat,    SYS_openat2,  SYS_readlinkat,      SYS_flistxattr, SYS_fgetxattr,
      SYS_fsetxattr, SYS_mkdirat,  SYS_mknodat,         SYS_symlinkat,  SYS_linkat,
      SYS_fchown,    SYS_fchownat, SYS_fchmod,          SYS_utimensat,  SYS_ioctl,
      SYS_ftruncate, SYS_sendfile, SYS_copy_file_range, SYS_umask,
  };
  struct confinement confinement = {
      .directory = to,
      .second = from,
      .second_fd = source,
      .capabilities = 1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH |
                      1ull << CAP_FOWNER | 1ull << CAP_FSETID | 1ull << CAP_MKNOD | 1ull << CAP_SETFCAP,
      .system_calls = system_calls,
      .system_call_count = sizeof system_calls / sizeof *system_calls,
  };
  confine(&confinement);
}

/* usage: copy <from> <to>
 *
 * Success: exit 0. Failure: exit 1 and {"error":"…"} on stderr; what was made by then stays. */
int copy_main(int argc, char **argv) {
  int from = -1;
  if (argc != 3)
    fail("usage: gantry-init copy <from> <to>");
  confine_copy(argv[1], argv[2], &from);
  AUTO_CLOSE int to = openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (to < 0)
    fail_errno("open the target");
  if (copy_tree_contents(from, to) != 0)
    fail_errno("copy");
  return 0;
}
