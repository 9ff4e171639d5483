/* The host side of a plan: before the clone, the clone, and beside the child. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "files.h"
#include "kernel.h"
#include "plan_sides.h"

/* Opens the cgroup of the `clone` operation. Namespaces that are joined before it would hide the path. */
static int open_cgroup(struct host *host) {
  struct reader list = reader_of(host->list, host->size);
  for (uint32_t i = 0, count = read_u32(&list); i < count && host->cgroup < 0; i++) {
    struct operation operation = next_operation(&list, i);
    if (operation.code != OP_CLONE)
      continue;
    read_u64(&operation.payload);
    const char *path = read_string(&operation.payload, NULL);
    host->cgroup = *path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (*path && host->cgroup < 0) {
      host->stage.index = i;
      return blame(&host->stage, "%s", path);
    }
  }
  return 0;
}

static int clone_child(struct host *host, struct reader *in) {
  struct stage *stage = &host->stage;
  stage->namespaces = read_u64(in);
  const char *cgroup = read_string(in, NULL);
  if (host->cgroup < 0 && open_cgroup(host) != 0)
    return -1;
  struct clone_args arguments = {
      .flags = stage->namespaces | CLONE_PIDFD | (host->sibling ? CLONE_PARENT : 0) |
               (*cgroup ? CLONE_INTO_CGROUP : 0),
      .pidfd = (uint64_t)(uintptr_t)&host->pidfd,
      .exit_signal = host->sibling ? 0 : SIGCHLD,
      .cgroup = (uint64_t)(*cgroup ? host->cgroup : 0),
  };
  pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0)
    return blame(stage, "clone3%s%s", *cgroup ? " into " : "", cgroup);
  if (pid == 0) {
    close_fd(&stage->channel);
    stage->channel = host->child_end;
    run_child(stage, host->list, host->size);
  }
  stage->child = pid;
  close_fd(&host->child_end);
  return 0;
}

static int perform_on_host(struct host *host, struct operation *operation) {
  struct stage *stage = &host->stage;
  stage->index = operation->index;
  switch (operation->code) {
  case OP_CLONE:
    return clone_child(host, &operation->payload);
  case OP_SIGNAL_CHILD:
    /* A child that is gone has left its own report. */
    send_message(stage->channel, SIGNAL, 0, 0, "", -1);
    return 0;
  case OP_JOIN:
    if (host->cgroup < 0 && open_cgroup(host) != 0)
      return -1;
    return perform(stage, operation);
  default:
    return perform(stage, operation);
  }
}

int perform_host_side(struct host *host, void (*cloned)(struct host *host)) {
  struct reader reader = reader_of(host->list, host->size);
  uint32_t count = read_u32(&reader);
  for (uint32_t i = 0; i < count; i++) {
    struct operation operation = next_operation(&reader, i);
    if (operation.inside)
      continue;
    if (perform_on_host(host, &operation) != 0)
      return -1;
    if (operation.code == OP_CLONE && cloned)
      cloned(host);
  }
  return 0;
}

void release_host(struct host *host) {
  struct stage *stage = &host->stage;
  int *descriptors[] = {&stage->root,     &stage->netlink,  &stage->empty,    &stage->null,
                        &stage->stdio[0], &stage->stdio[1], &stage->stdio[2], &stage->joined,
                        &host->child_end, &host->cgroup,    &stage->served,   &stage->server_output};
  for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
    close_fd(descriptors[i]);
  free(stage->identity.groups);
  free(stage->identity.home);
  free(stage->program.env);
  free(stage->program.filter);
  release_held(stage);
}
