/* The root file system: how it gets mounted, and how the process moves into it. */
#include <errno.h>
#include <fcntl.h>

#include "files.h"
#include "kernel.h"
#include "ops.h"

int op_propagation(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *path = read_string(in, NULL);
  return sys_mount(NULL, path, NULL, read_u64(in), NULL);
}

/* mount(2), as an overlay's options are longer than the 255 bytes that fsconfig(2) takes. */
int op_mount_root(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *source = read_string(in, NULL), *path = read_string(in, NULL), *type = read_string(in, NULL);
  uint64_t flags = read_u64(in);
  const char *data = read_string(in, NULL), *cwd = read_string(in, NULL);
  if (!*cwd)
    return sys_mount(source, path, type, flags, data);
  AUTO_CLOSE int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (before < 0)
    return -1;
  if (chdir(cwd) != 0)
    return blame(stage, "%s", cwd);
  int result = sys_mount(source, path, type, flags, data), error = errno;
  if (fchdir(before) != 0)
    return -1;
  errno = error;
  return result == 0 ? 0 : blame(stage, "%s on %s", type, path);
}

int op_bind_root(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *source = read_string(in, NULL);
  return sys_mount(source, read_string(in, NULL), NULL, MS_BIND | MS_REC, NULL);
}

int op_root(struct stage *stage, struct reader *in) {
  close_fd(&stage->root);
  stage->root = open(read_string(in, NULL), O_PATH | O_DIRECTORY | O_CLOEXEC);
  stage->own_root = stage->root >= 0;
  return stage->root < 0 ? -1 : 0;
}

/* pivot_root(2), NOTES: with the new root as both arguments the old one ends up on top of it, and is taken
 * off. */
int op_pivot(struct stage *stage, struct reader *in) {
  (void)in;
  if (stage->root < 0) {
    errno = EINVAL;
    return blame(stage, "no root");
  }
  if (fchdir(stage->root) != 0)
    return -1;
  if (syscall(SYS_pivot_root, ".", ".") != 0)
    return blame(stage, "pivot_root");
  return sys_umount(".", MNT_DETACH) != 0 ? blame(stage, "old root") : chdir("/");
}
