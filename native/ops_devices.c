/* Which devices a cgroup v2 may use: there it is a program that decides, not a file
 * (Documentation/admin-guide/ cgroup-v2.rst, "Device controller"). */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "kernel.h"
#include "ops.h"

static int load_program(const uint8_t *bytes, uint32_t size) {
  /* The kernel wants it aligned. */
  AUTO_FREE struct bpf_insn *program = malloc(size);
  union bpf_attr load;
  if (!program)
    return -1;
  memcpy(program, bytes, size);
  memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = (uintptr_t)program;
  load.insn_cnt = size / sizeof *program;
  load.license = (uintptr_t) "Apache";
  return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
}

/* The program stays as long as the cgroup. A second one of the same cgroup can only forbid more. */
int op_device_filter(struct stage *stage, struct reader *in) {
  (void)stage;
  const char *path = read_string(in, NULL);
  uint32_t size;
  const uint8_t *bytes = read_bytes(in, &size);
  if (size == 0 || size % sizeof(struct bpf_insn) || size / sizeof(struct bpf_insn) > BPF_MAXINSNS) {
    errno = EINVAL;
    return -1;
  }
  AUTO_CLOSE int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSE int program = cgroup < 0 ? -1 : load_program(bytes, size);
  if (program < 0)
    return -1;
  union bpf_attr attach;
  memset(&attach, 0, sizeof attach);
  attach.target_fd = (uint32_t)cgroup;
  attach.attach_bpf_fd = (uint32_t)program;
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach);
}
