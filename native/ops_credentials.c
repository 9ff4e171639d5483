/* Who the program is and what it may do. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernel.h"
#include "ops.h"

#define BIT(capability) ((uint64_t)1 << (capability))

static int get_capabilities(struct capabilities *sets) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0)
    return -1;
  sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
  sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return 0;
}

static int set_capabilities(const struct capabilities *sets) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++)
    data[i] = (struct __user_cap_data_struct){
        .effective = (uint32_t)(sets->effective >> (32 * i)),
        .permitted = (uint32_t)(sets->permitted >> (32 * i)),
        .inheritable = (uint32_t)(sets->inheritable >> (32 * i)),
    };
  return (int)syscall(SYS_capset, &header, data);
}

static int parse_mask(const char *text, uint64_t *mask) {
  char *end;
  errno = 0;
  *mask = strtoull(text, &end, 10);
  if (*text >= '0' && *text <= '9' && !*end && !errno)
    return 0;
  errno = EINVAL;
  return -1;
}

static int limit_bounding(uint64_t keep) {
  for (int i = 0; i < 64; i++) {
    int present = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (present < 0)
      break;
    if (present && !(keep & BIT(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0)
      return -1;
  }
  return 0;
}

static int set_ambient(uint64_t ambient) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return -1;
  for (int i = 0; i < 64; i++)
    if (ambient & BIT(i) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0)
      return -1;
  return 0;
}

/* A program that is not root can open /dev/stdout again only when the pipe or terminal is its own. */
static void own_stdio(struct stage *stage, uid_t uid) {
  struct stat status;
  for (int i = 0; i < 3; i++) {
    int fd = stage->stdio[i];
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_uid == uid)
      continue;
    bool null = S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
    bool ours = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
    /* Where it is refused (a read-only or foreign file) the descriptor itself still works. */
    if (ours && !null && fchown(fd, uid, (gid_t)-1) != 0)
      continue;
  }
}

static int become(struct stage *stage) {
  const struct identity *identity = &stage->identity;
  own_stdio(stage, identity->uid);
  if (setgroups(identity->group_count, identity->groups) != 0)
    return blame(stage, "setgroups");
  if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
    return blame(stage, "setgid %u", identity->gid);
  if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
    return blame(stage, "setuid %u", identity->uid);
  return 0;
}

/* Loading a filter without no_new_privs takes CAP_SYS_ADMIN, which is therefore kept until
 * `restrict_program`. What this process does not have itself cannot be given, so it is left out. */
int op_credentials(struct stage *stage, struct reader *in) {
  struct capabilities have, *final = &stage->program.final;
  uint64_t bounding, ambient;
  if (parse_mask(read_string(in, NULL), &bounding) || parse_mask(read_string(in, NULL), &final->effective) ||
      parse_mask(read_string(in, NULL), &final->permitted) ||
      parse_mask(read_string(in, NULL), &final->inheritable) || parse_mask(read_string(in, NULL), &ambient) ||
      get_capabilities(&have) != 0)
    return -1;
  final->permitted &= have.permitted;
  final->effective &= final->permitted;
  final->inheritable &= have.permitted;
  stage->program.narrows = true;
  if (limit_bounding(bounding) != 0)
    return blame(stage, "bounding set");
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
    return blame(stage, "keepcaps");
  if (become(stage) != 0)
    return -1;
  struct capabilities interim = *final;
  if (!stage->no_new_privs) {
    interim.permitted |= have.permitted & BIT(CAP_SYS_ADMIN);
    interim.effective |= interim.permitted & BIT(CAP_SYS_ADMIN);
  }
  if (set_capabilities(&interim) != 0)
    return blame(stage, "capabilities");
  return set_ambient(ambient & final->inheritable & final->permitted) == 0 ? 0 : blame(stage, "ambient set");
}

int op_no_new_privs(struct stage *stage, struct reader *in) {
  (void)in;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return -1;
  stage->no_new_privs = true;
  return 0;
}

/* Kept until `restrict_program`, so that the filter need allow nothing but what the program does. */
int op_seccomp(struct stage *stage, struct reader *in) {
  struct program *program = &stage->program;
  uint32_t size;
  const uint8_t *bytes = read_bytes(in, &size);
  uint32_t flags = read_u32(in), count = size / sizeof *program->filter;
  if (count == 0 || count > BPF_MAXINSNS || size % sizeof *program->filter ||
      flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
    errno = EINVAL;
    return blame(stage, "seccomp filter of %u bytes, flags %u", size, flags);
  }
  free(program->filter);
  program->filter = malloc(size);
  if (!program->filter)
    return -1;
  memcpy(program->filter, bytes, size);
  program->filter_length = (uint16_t)count;
  program->filter_flags = flags;
  program->filter_index = stage->index;
  return 0;
}

int restrict_program(struct stage *stage) {
  struct program *program = &stage->program;
  struct sock_fprog filter = {.len = program->filter_length, .filter = program->filter};
  if (program->filter && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->filter_flags, &filter) != 0) {
    stage->index = program->filter_index;
    return blame(stage, "loading the seccomp filter");
  }
  if (program->narrows && set_capabilities(&program->final) != 0)
    return blame(stage, "capabilities");
  return 0;
}
