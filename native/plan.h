/* Performing a plan: the list of operations that TypeScript made (src/linux/operations.ts, src/linux/encode.ts).
 *
 * The caller (the shim, or a one-shot run) goes through these steps, each of which may fail:
 *
 *   plan_begin   runs the host-side operations up to `clone`, clones, runs the host-side operations behind it.
 *                The child runs its inside operations and stops before `exec`, waiting at the gate.
 *   plan_ready   waits until the child stands at the gate (the container is built), or failed.
 *                run->report is pollable, so an event loop can call this only when there is something to read.
 *   plan_go      opens the gate.
 *   plan_finish  waits for execve: 0 when the container's program runs.
 *
 * With `plan_options.forked` the host side runs in a forked intermediate process and the child is cloned with CLONE_PARENT:
 * so an exec can join namespaces while the shim stays where it is and still is the parent that reaps the process.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PLAN_NO_INDEX UINT32_MAX

struct plan_failure {
  uint32_t index; /* into the list; PLAN_NO_INDEX when no operation is to blame */
  uint32_t error; /* errno */
  char detail[256];
};

struct plan_options {
  int in, out, err; /* the child's 0, 1, 2; -1 = /dev/null. Unused where the list has a `console` operation. */
  bool forked;
  /* An optional operation failed. May be called from plan_begin and plan_ready. */
  void (*warn)(void *context, const struct plan_failure *failure);
  void *context;
};

struct plan_run {
  pid_t pid;   /* the child, in the caller's pid namespace; 0 when the list has no clone */
  int pidfd;   /* -1 when none */
  int report;  /* readable when plan_ready or plan_finish will not block */
  int gate;    /* written by plan_go */
  int console; /* pty master from the `console` operation (valid after plan_ready), or -1 */
};

/* `list` is the encoded operations and stays valid until plan_finish. All return 0, or -1 with *failure set and
 * everything of `run` closed and the child reaped. */
int plan_begin(const uint8_t *list, size_t size, const struct plan_options *options, struct plan_run *run,
               struct plan_failure *failure);
int plan_ready(struct plan_run *run, struct plan_failure *failure);
int plan_go(struct plan_run *run, struct plan_failure *failure);
int plan_finish(struct plan_run *run, struct plan_failure *failure);
