/* Names, kernel settings and limits of the process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "files.h"
#include "kernel.h"
#include "ops.h"

int op_hostname(struct stage *stage, struct reader *in) {
  (void)stage;
  uint32_t size;
  const char *name = read_string(in, &size);
  return sethostname(name, size);
}

int op_domainname(struct stage *stage, struct reader *in) {
  (void)stage;
  uint32_t size;
  const char *name = read_string(in, &size);
  return setdomainname(name, size);
}

/* /proc/sys as it is now, known to be the kernel's (CVE-2025-52881). */
static int open_proc_sys(void) {
  AUTO_CLOSE int fd = open("/proc/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct statfs fs;
  if (fd < 0 || fstatfs(fd, &fs) != 0)
    return -1;
  if (fs.f_type == PROC_SUPER_MAGIC)
    return keep_fd(&fd);
  errno = EXDEV;
  return -1;
}

int op_sysctl(struct stage *stage, struct reader *in) {
  (void)stage;
  uint32_t length, size;
  const char *name = read_string(in, &length), *value = read_string(in, &size);
  char path[NAME_MAX + 1];
  if (length == 0 || length > NAME_MAX) {
    errno = EINVAL;
    return -1;
  }
  strcpy(path, name);
  if (!strchr(path, '/'))
    for (char *dot = path; (dot = strchr(dot, '.'));)
      *dot = '/';
  AUTO_CLOSE int dir = open_proc_sys();
  struct open_how how = {
      .flags = O_WRONLY | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
  };
  AUTO_CLOSE int fd = dir < 0 ? -1 : sys_openat2(dir, path, &how);
  return fd < 0 ? -1 : write_all(fd, value, size);
}

/* A decimal number or "unlimited". */
static int parse_limit(const char *text, rlim_t *limit) {
  if (strcmp(text, "unlimited") == 0) {
    *limit = RLIM_INFINITY;
    return 0;
  }
  char *end;
  errno = 0;
  *limit = strtoull(text, &end, 10);
  if (*text >= '0' && *text <= '9' && !*end && !errno)
    return 0;
  errno = EINVAL;
  return -1;
}

/* A limit that may not be raised is raised as far as it may be, with a warning. */
int op_rlimit(struct stage *stage, struct reader *in) {
  int resource = (int)read_u32(in);
  struct rlimit wanted, now;
  const char *soft = read_string(in, NULL), *hard = read_string(in, NULL);
  blame(stage, "limit %d: %s:%s", resource, soft, hard);
  if (parse_limit(soft, &wanted.rlim_cur) != 0 || parse_limit(hard, &wanted.rlim_max) != 0)
    return -1;
  if (setrlimit(resource, &wanted) == 0)
    return 0;
  if (errno != EPERM || getrlimit(resource, &now) != 0)
    return -1;
  stage->warn(stage, EPERM, stage->detail);
  if (wanted.rlim_max > now.rlim_max)
    wanted.rlim_max = now.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max)
    wanted.rlim_cur = wanted.rlim_max;
  return setrlimit(resource, &wanted);
}

int op_keyring(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *name = read_string(in, NULL);
  return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) < 0 ? -1 : 0;
}

int op_umask(struct stage *stage, struct reader *in) {
  stage->program.umask = read_u32(in) & 0777;
  return 0;
}
