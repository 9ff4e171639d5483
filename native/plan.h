/* Performing a plan: the list of operations that TypeScript made (src/linux/operations.ts, encode.ts).
 *
 * The caller (the shim, or a one-shot run) goes through these steps, each of which may fail:
 *
 *   plan_begin   runs the host-side operations up to `clone`, clones, runs the host-side operations
 *                behind it. The child runs its inside operations and stops before `exec`, at the gate.
 *   plan_ready   waits until the child stands at the gate (the container is built), or failed.
 *                run->report is pollable, so an event loop can call this when there is something to read.
 *   plan_go      opens the gate.
 *   plan_finish  waits for execve: 0 when the container's program runs.
 *
 * With `plan_options.forked` the host side runs in a forked intermediate process and the child is cloned
 * with CLONE_PARENT: so an exec can join namespaces while the shim stays where it is and still is the
 * parent that reaps the process.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PLAN_NO_INDEX UINT32_MAX

struct plan_failure {
  uint32_t index; /* into the list; PLAN_NO_INDEX when no operation is to blame */
  uint32_t error; /* errno */
  char detail[256];
};

struct plan_options {
  int in, out, err; /* the child's; -1 = /dev/null. Unused where the list has a `console` */
  bool forked;
  /* An optional operation failed. May be called from all steps. */
  void (*warn)(void *context, const struct plan_failure *failure);
  void *context;
};

struct plan_run {
  pid_t pid;    /* the child, in the caller's pid namespace; 0 when the list has no clone */
  int pidfd;    /* -1 when none; the caller's to close after plan_finish */
  int report;   /* readable when plan_ready or plan_finish will not block; -1 after plan_finish */
  int gate;     /* what plan_go writes to: the same socket as `report` */
  pid_t server; /* serves the root file system (`fuse-serve`) and ends with its last mount; the caller's to
                   reap, also when the plan fails; 0 when there is none */
  int console;  /* pty master from the `console` operation (after plan_ready; the caller's to close), or -1 */

  /* private */
  void (*warn)(void *context, const struct plan_failure *failure);
  void *context;
  bool executing;
};

/* `list` is the encoded operations. All return 0, or -1 with *failure set, everything of `run` closed and
 * the child reaped. Without a clone plan_ready, plan_go and plan_finish succeed at once. A child whose list
 * has no `exec` exits with 0 once the gate is open; like every child of a successful plan_finish it is the
 * caller's to reap. The caller's signal mask, dispositions and umask do not reach the child's program. */
int plan_begin(const uint8_t *list, size_t size, const struct plan_options *options, struct plan_run *run,
               struct plan_failure *failure);
int plan_ready(struct plan_run *run, struct plan_failure *failure);
int plan_go(struct plan_run *run, struct plan_failure *failure);
int plan_finish(struct plan_run *run, struct plan_failure *failure);
