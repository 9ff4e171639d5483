#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "fail.h"
#include "kernel.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH_ constant here"
#endif

static void detach_second(const struct confinement *confinement) {
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                              MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME,
                                  .attr_clr = MOUNT_ATTR__ATIME};
  *confinement->second_fd = sys_open_tree(AT_FDCWD, confinement->second, OPEN_TREE_CLONE);
  if (*confinement->second_fd < 0)
    fail_errno("open %s", confinement->second);
  if (sys_mount_setattr(*confinement->second_fd, AT_EMPTY_PATH, &attributes) != 0)
    fail_errno("make %s read-only", confinement->second);
}

/* The root of the new mount namespace becomes the directory, and the old root is gone. */
static void enter(const struct confinement *confinement) {
  const char *directory = confinement->directory;
  /* nodev: a device node in the tree can be made but never opened. */
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC | confinement->mount_flags;
  if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    fail_errno("unshare");
  if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    fail_errno("make / private");
  if (confinement->second != NULL)
    detach_second(confinement);
  if (sys_mount(directory, directory, NULL, MS_BIND, NULL) != 0)
    fail_errno("bind %s", directory);
  if (sys_mount(NULL, directory, NULL, flags, NULL) != 0)
    fail_errno("remount %s", directory);
  if (chdir(directory) != 0)
    fail_errno("chdir %s", directory);
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

static void drop_capabilities(uint64_t keep) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {
      {.effective = (uint32_t)keep, .permitted = (uint32_t)keep, .inheritable = 0},
      {.effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32), .inheritable = 0},
  };
  if (syscall(SYS_capset, &header, data) != 0)
    fail_errno("capset");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail_errno("no_new_privs");
}

#ifndef __SANITIZE_ADDRESS__ /* the sanitizer's runtime needs more */

static const int common_calls[] = {
    SYS_read,   SYS_write,   SYS_close,      SYS_lseek,      SYS_newfstatat,   SYS_fstat,
    SYS_statx,  SYS_fcntl,   SYS_getdents64, SYS_brk,        SYS_mmap,         SYS_munmap,
    SYS_mremap, SYS_madvise, SYS_exit,       SYS_exit_group, SYS_rt_sigreturn, SYS_getrandom,
};

#define FILTER_MAX 256

struct program {
  struct sock_filter filter[FILTER_MAX];
  unsigned short length;
};

static void add(struct program *program, struct sock_filter instruction) {
  if (program->length == FILTER_MAX)
    fail("the list of system calls is too long");
  program->filter[program->length++] = instruction;
}

static void allow(struct program *program, const int *calls, size_t count) {
  for (size_t i = 0; i < count; i++) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1));
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
}

/* Files and memory, nothing else: no sockets, no processes, no mounts. */
static void filter_system_calls(const struct confinement *confinement) {
  static struct program program;
  add(&program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
  add(&program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0));
  add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  add(&program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  allow(&program, common_calls, sizeof common_calls / sizeof *common_calls);
  allow(&program, confinement->system_calls, confinement->system_call_count);
  add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  struct sock_fprog loaded = {.len = program.length, .filter = program.filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded, 0, 0) != 0)
    fail_errno("seccomp");
}

#endif

void confine(const struct confinement *confinement) {
  umask(0);
  if (sys_close_range(3, ~0u, 0) != 0)
    fail_errno("close_range");
  enter(confinement);
  drop_capabilities(confinement->capabilities);
#ifndef __SANITIZE_ADDRESS__
  filter_system_calls(confinement);
#endif
}
