#include "confine_mounts.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "files.h"
#include "kernel.h"
#include "process.h"

#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif
#define MOUNTINFO_MAX (64u << 20)
/* A mount point may be renamed between a look at the list and the unmount. */
#define MAX_ATTEMPTS 16

/* A copy of the mounts: what is changed about it nobody else sees. Devices can be made in it but not opened.
 */
static int copy_mounts(const char *directory, bool submounts, bool read_only) {
  unsigned depth = submounts ? AT_RECURSIVE : 0;
  struct mount_attr attributes = {
      .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
      .propagation = MS_PRIVATE,
  };
  if (read_only) {
    attributes.attr_set |= MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME;
    attributes.attr_clr = MOUNT_ATTR__ATIME;
  }
  AUTO_CLOSE int tree = sys_open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | depth);
  if (tree < 0)
    fail_errno("open %s", directory);
  if (sys_mount_setattr(tree, AT_EMPTY_PATH | depth, &attributes) != 0)
    fail_errno("set the mount attributes of %s", directory);
  return keep_fd(&tree);
}

/* Its mount namespace becomes ours, and its root our root. */
static void join(pid_t process, const char *start_time) {
  AUTO_CLOSE int pidfd = process_open(process, start_time);
  if (pidfd < 0 || setns(pidfd, CLONE_NEWNS) != 0)
    fail_errno("join process %d", process);
}

/* The root becomes the tree, and the old root is gone. */
static void pivot(const char *directory, int tree) {
  AUTO_CLOSE int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0 || sys_move_mount(tree, at) != 0 || fchdir(tree) != 0)
    fail_errno("mount %s", directory);
  if (syscall(SYS_pivot_root, ".", ".") == 0) {
    if (sys_umount(".", MNT_DETACH) != 0)
      fail_errno("detach the old root");
  } else if (sys_mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0) {
    /* An initramfs cannot be pivoted away from; it is covered instead. */
    fail_errno("pivot_root %s", directory);
  }
  if (chdir("/") != 0)
    fail_errno("chdir /");
}

/* All that are mounted there, one above the other. */
static void hide(const char *path) {
  while (sys_umount(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
    ;
  if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR)
    fail_errno("hide %s", path);
}

/* proc_pid_mountinfo(5): blanks and backslashes are octal. In place. */
static void unescape(char *text) {
  char *to = text;
  for (const char *at = text; *at; at++) {
    char digits[4] = {0};
    if (at[0] == '\\' && strspn(at + 1, "01234567") >= 3) {
      memcpy(digits, at + 1, 3);
      *to++ = (char)strtol(digits, NULL, 8);
      at += 3;
    } else
      *to++ = *at;
  }
  *to = '\0';
}

/* Of a line, "36 35 98:0 /root /point options - type source": where, when its type is proc. */
static char *procfs_point(char *line) {
  char *type = strstr(line, " - proc "), *at = line;
  for (int field = 0; type != NULL && field < 4; field++)
    at = strchr(at, ' ') + 1;
  if (type == NULL)
    return NULL;
  at[strcspn(at, " ")] = '\0';
  unescape(at);
  return at;
}

/* True when there is none left. `proc`: the host's, which alone can say what we see. */
static bool unmount_procfs(int proc) {
  AUTO_CLOSE int fd = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
  AUTO_FREE char *list = fd < 0 ? NULL : read_whole(fd, MOUNTINFO_MAX, NULL);
  bool clean = true;
  if (list == NULL)
    fail_errno("read the list of mounts");
  for (char *line = list, *end; *line; line = end) {
    end = line + strcspn(line, "\n");
    if (*end)
      *end++ = '\0';
    const char *point = procfs_point(line);
    if (point == NULL)
      continue;
    clean = false;
    /* Failures show in the next look. */
    (void)sys_umount(point, MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  return clean;
}

static void hide_procfs(int proc) {
  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++)
    if (unmount_procfs(proc))
      return;
  fail("the container's mounts change all the time");
}

void enter_tree(const struct confinement *confinement) {
  const char *directory = confinement->directory;
  AUTO_CLOSE int proc = confinement->submounts ? open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  if (confinement->submounts && proc < 0)
    fail_errno("open /proc");
  if (confinement->process != 0)
    join(confinement->process, confinement->start_time);
  if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    fail_errno("unshare");
  if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    fail_errno("make / private");
  if (confinement->second != NULL)
    *confinement->second_fd = copy_mounts(confinement->second, false, true);
  AUTO_CLOSE int tree = copy_mounts(directory, confinement->submounts, confinement->read_only);
  pivot(directory, tree);
  for (size_t i = 0; i < confinement->hidden_count; i++)
    hide(confinement->hidden[i]);
  if (confinement->submounts)
    hide_procfs(proc);
}
