#define _GNU_SOURCE
#include "untar.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH_ constant here"
#endif

/* The root of the new mount namespace becomes the directory, and the old root is gone. */
static void enter(const char *directory) {
  if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    fail_errno("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    fail_errno("make / private");
  if (mount(directory, directory, NULL, MS_BIND, NULL) != 0)
    fail_errno("bind %s", directory);
  /* nodev: a device node in the layer can be made but never opened. */
  if (mount(NULL, directory, NULL, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
    fail_errno("remount %s", directory);
  if (chdir(directory) != 0)
    fail_errno("chdir %s", directory);
  if (syscall(SYS_pivot_root, ".", ".") == 0) {
    if (umount2(".", MNT_DETACH) != 0)
      fail_errno("detach the old root");
  } else if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0) {
    /* An initramfs cannot be pivoted away from; it is covered instead. */
    fail_errno("pivot_root %s", directory);
  }
  if (chdir("/") != 0)
    fail_errno("chdir /");
}

static void drop_capabilities(void) {
  uint64_t keep = 1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_FOWNER | 1ull << CAP_FSETID |
                  1ull << CAP_MKNOD | 1ull << CAP_SETFCAP;
  /* trusted.overlay.opaque can only be written with this one. */
  if (options.whiteouts == WHITEOUTS_OVERLAY)
    keep |= 1ull << CAP_SYS_ADMIN;
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

#define ALLOW(name)                                                                                          \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Files and memory, nothing else: no sockets, no processes, no mounts. */
__attribute__((unused)) static void filter_system_calls(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      ALLOW(read),
      ALLOW(write),
      ALLOW(writev),
      ALLOW(pwrite64),
      ALLOW(close),
      ALLOW(openat),
      ALLOW(openat2),
      ALLOW(lseek),
      ALLOW(ftruncate),
      ALLOW(fchown),
      ALLOW(fchownat),
      ALLOW(fchmod),
      ALLOW(fchmodat),
      ALLOW(utimensat),
      ALLOW(fsetxattr),
      ALLOW(lsetxattr),
      ALLOW(llistxattr),
      ALLOW(lremovexattr),
      ALLOW(mkdirat),
      ALLOW(mknodat),
      ALLOW(symlinkat),
      ALLOW(linkat),
      ALLOW(unlinkat),
      ALLOW(newfstatat),
      ALLOW(fstat),
      ALLOW(statx),
      ALLOW(statfs),
      ALLOW(getdents64),
      ALLOW(fcntl),
      ALLOW(brk),
      ALLOW(mmap),
      ALLOW(munmap),
      ALLOW(mremap),
      ALLOW(madvise),
      ALLOW(exit),
      ALLOW(exit_group),
      ALLOW(rt_sigreturn),
      ALLOW(getrandom),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
    fail_errno("seccomp");
}

void confine(const char *directory) {
  umask(0);
  if (close_range(3, ~0u, 0) != 0)
    fail_errno("close_range");
  enter(directory);
  drop_capabilities();
#ifndef __SANITIZE_ADDRESS__ /* the sanitizer's runtime needs more */
  filter_system_calls();
#endif
}
