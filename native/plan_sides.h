/* The parts of a plan that plan.c puts together. Host and child talk over one socket pair of packets: reports
 * one way, the barrier and the gate the other. The child's end is close-on-exec, so that its end after
 * `EXECUTING` is the news that execve succeeded. */
#pragma once
#include "channel.h"
#include "ops.h"
#include "plan.h"

struct host {
  struct stage stage;
  const uint8_t *list;
  size_t size;
  bool sibling;  /* the child becomes one of the caller's parent (CLONE_PARENT) */
  int child_end; /* of the channel; closed after the clone */
  int pidfd;
  int cgroup; /* directory that the child is born in; -1: not opened yet, or none */
};

/* plan_child.c */
_Noreturn void run_child(struct stage *stage, const uint8_t *list, size_t size);
void reset_signals(void);

/* plan_host.c */
/* All host-side operations. `cloned` (may be NULL) is called right after the clone. */
int perform_host_side(struct host *host, void (*cloned)(struct host *host));
void release_host(struct host *host);

/* plan_forked.c: the host side in a process of its own. */
int begin_forked(struct host *host, struct plan_run *run, struct plan_failure *failure);

/* plan.c */
void plan_fail(struct plan_failure *failure, uint32_t index, int error, const char *detail);
void pass_warning(const struct plan_run *run, const struct message *message);
/* The child's own report, when it is already there: the reason for what the host met because of it. */
bool child_failed(struct plan_run *run, struct plan_failure *failure);
