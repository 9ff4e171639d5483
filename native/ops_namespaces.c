#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "kernel.h"
#include "ops.h"
#include "process.h"

int become_root(void) {
  /* Not permitted where the one who made the namespace had to write "deny" to /proc/pid/setgroups. */
  if (setgroups(0, NULL) != 0 && errno != EPERM)
    return -1;
  return setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0 ? -1 : 0;
}

static int enter(struct stage *stage, int fd, int flags) {
  /* A socket stays in the network namespace that it was made in. */
  close_fd(&stage->netlink);
  if (setns(fd, flags) != 0)
    return -1;
  return flags & CLONE_NEWUSER ? become_root() : 0;
}

int op_setns(struct stage *stage, struct reader *in) {
  AUTO_CLOSE int fd = open(read_string(in, NULL), O_RDONLY | O_CLOEXEC);
  int type = (int)read_u32(in);
  return fd < 0 ? -1 : enter(stage, fd, type);
}

/* The process that an operation names, known to be the expected one. It stays open: behind the clone its
 * number means nothing any more, so a second `join` of the same process on the inside uses what the host side
 * opened. */
static int open_process(struct stage *stage, pid_t pid, const char *expected) {
  if (stage->joined >= 0 && stage->joined_pid == pid)
    return 0;
  close_fd(&stage->joined);
  AUTO_CLOSE int pidfd = process_open(pid, expected);
  if (pidfd < 0 && errno == ESTALE) {
    errno = ESRCH;
    return blame(stage, "process %d is another one now", pid);
  }
  if (pidfd < 0)
    return blame(stage, "process %d", pid);
  stage->joined = keep_fd(&pidfd);
  stage->joined_pid = pid;
  return 0;
}

int op_join(struct stage *stage, struct reader *in) {
  pid_t pid = (pid_t)read_u32(in);
  const char *expected = read_string(in, NULL);
  int flags = (int)read_u32(in);
  if (open_process(stage, pid, expected) != 0)
    return -1;
  return enter(stage, stage->joined, flags) != 0 ? blame(stage, "process %d", pid) : 0;
}

int open_network(struct stage *stage, pid_t pid, const char *start_time) {
  char path[32];
  if (open_process(stage, pid, start_time) != 0)
    return -1;
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
  /* It still has its number, so what was opened is of the process that we are sure of. */
  if (fd < 0 || sys_pidfd_send_signal(stage->joined, 0) != 0)
    return blame(stage, "network namespace of process %d", pid);
  return keep_fd(&fd);
}

int op_unshare(struct stage *stage, struct reader *in) {
  close_fd(&stage->netlink);
  return unshare((int)read_u32(in));
}
