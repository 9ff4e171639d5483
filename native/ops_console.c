/* The terminal of a container. The pty pair comes out of one descriptor of the container's own devpts, and
 * the slave is asked of the master (TIOCGPTPEER), so nothing in the container can put another file into its
 * place (CVE-2025-52565). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "files.h"
#include "filesystem.h"
#include "kernel.h"
#include "ops.h"
#include "paths.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

static int open_master(struct stage *stage) {
  AUTO_CLOSE int fd = root_open(stage, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS);
  struct statfs fs;
  if (fd < 0 || fstatfs(fd, &fs) != 0)
    return blame(stage, "/dev/pts/ptmx");
  if (fs.f_type != DEVPTS_SUPER_MAGIC) {
    errno = ENODEV;
    return blame(stage, "/dev/pts is not a devpts");
  }
  return keep_fd(&fd);
}

/* A container being made shows its terminal as /dev/console too; one being joined keeps what it has. */
static int show_as_console(struct stage *stage, int slave) {
  AUTO_CLOSE int tree = mount_clone(slave, false);
  AUTO_CLOSE int at =
      tree < 0 ? -1 : root_open(stage, "/dev/console", O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  if (tree >= 0 && at < 0 && errno == ENOENT)
    at = root_make_file(stage, "/dev/console");
  struct stat status;
  if (at < 0 || fstat(at, &status) != 0)
    return blame(stage, "/dev/console");
  if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
    errno = EINVAL;
    return blame(stage, "/dev/console is neither a file nor a device");
  }
  return sys_move_mount(tree, at) == 0 ? 0 : blame(stage, "/dev/console");
}

int op_console(struct stage *stage, struct reader *in) {
  struct winsize size = {.ws_row = (unsigned short)read_u32(in), .ws_col = (unsigned short)read_u32(in)};
  AUTO_CLOSE int master = open_master(stage);
  int unlocked = 0;
  if (master < 0)
    return -1;
  if (ioctl(master, TIOCSPTLCK, &unlocked) != 0)
    return blame(stage, "unlocking the terminal");
  AUTO_CLOSE int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0)
    return blame(stage, "opening the terminal");
  if (size.ws_row && size.ws_col && ioctl(master, TIOCSWINSZ, &size) != 0)
    return blame(stage, "size of the terminal");
  if (stage->own_root && show_as_console(stage, slave) != 0)
    return -1;
  if (ioctl(slave, TIOCSCTTY, 0) != 0)
    return blame(stage, "controlling terminal");
  stage->console = keep_fd(&master);
  for (int i = 0; i < 3; i++) {
    close_fd(&stage->stdio[i]);
    stage->stdio[i] = i == 0 ? slave : fcntl(slave, F_DUPFD_CLOEXEC, 3);
    if (stage->stdio[i] < 0)
      return -1;
  }
  keep_fd(&slave);
  return 0;
}
