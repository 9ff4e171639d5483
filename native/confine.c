#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "confine_mounts.h"
#include "fail.h"
#include "kernel.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH_ constant here"
#endif

static void add_hidden(struct confinement *confinement, const char *path) {
  if (confinement->hidden_count == HIDDEN_MAX)
    fail("more than %d hidden paths", HIDDEN_MAX);
  confinement->hidden[confinement->hidden_count++] = path;
}

/* "123:456": what is before the colon stays in place. */
static void set_process(struct confinement *confinement, char *text) {
  char *colon = strchr(text, ':');
  if (colon == NULL)
    fail("--process takes PID:STARTTIME");
  *colon = '\0';
  confinement->process = (pid_t)strtol(text, NULL, 10);
  confinement->start_time = colon + 1;
}

int confine_option(struct confinement *confinement, int argc, char **argv, int at) {
  char *value = at + 1 < argc ? argv[at + 1] : NULL;
  if (strcmp(argv[at], "--submounts") == 0) {
    confinement->submounts = true;
    return 1;
  }
  if (value != NULL && strcmp(argv[at], "--hide") == 0)
    add_hidden(confinement, value);
  else if (value != NULL && strcmp(argv[at], "--process") == 0)
    set_process(confinement, value);
  else
    return 0;
  return 2;
}

void confine_options(struct confinement *confinement, int argc, char **argv, bool (*word)(const char *word),
                     void (*pair)(struct confinement *confinement, const char *option, char *value)) {
  for (int i = 2; i < argc;) {
    int taken = confine_option(confinement, argc, argv, i);
    if (taken == 0 && word(argv[i]))
      taken = 1;
    if (taken == 0) {
      pair(confinement, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
      taken = 2;
    }
    i += taken;
  }
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
  /* Who shares the host's processes and has as few capabilities as this one is left with could open its files
   * through /proc otherwise. */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    fail_errno("PR_SET_DUMPABLE");
  if (sys_close_range(3, ~0u, 0) != 0)
    fail_errno("close_range");
  enter_tree(confinement);
  drop_capabilities(confinement->capabilities);
#ifndef __SANITIZE_ADDRESS__
  filter_system_calls(confinement);
#endif
}

void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    fail_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    fail_errno("setrlimit");
}
