/* System calls younger than common C libraries. All return -1 with errno. Descriptors are close-on-exec. */
#pragma once
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static inline int sys_openat2(int dir, const char *path, const struct open_how *how) {
  return (int)syscall(SYS_openat2, dir, path, how, sizeof *how);
}

static inline int sys_mount(const char *source, const char *target, const char *type, uint64_t flags,
                            const char *data) {
  return (int)syscall(SYS_mount, source, target, type, (unsigned long)flags, data);
}

static inline int sys_umount(const char *path, int flags) {
  return (int)syscall(SYS_umount2, path, flags);
}

/* flags: OPEN_TREE_CLONE, AT_RECURSIVE, AT_EMPTY_PATH, … */
static inline int sys_open_tree(int dir, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, dir, path, flags | OPEN_TREE_CLOEXEC);
}

/* Attaches the detached mount `from` on top of what `to` refers to. */
static inline int sys_move_mount(int from, int to) {
  return (int)syscall(SYS_move_mount, from, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int sys_fsopen(const char *type) {
  return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static inline int sys_fsconfig(int fs, unsigned command, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

static inline int sys_fsmount(int fs, unsigned attributes) {
  return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

/* flags: AT_EMPTY_PATH, AT_RECURSIVE. */
static inline int sys_mount_setattr(int fd, unsigned flags, const struct mount_attr *attributes) {
  return (int)syscall(SYS_mount_setattr, fd, "", flags, attributes, sizeof *attributes);
}

static inline int sys_pidfd_open(pid_t pid) {
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int sys_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags) {
  return (int)syscall(SYS_close_range, first, last, flags);
}
