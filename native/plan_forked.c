/* The host side in a process of its own, which may join namespaces and is gone afterwards; the child becomes
 * its sibling, and so the caller's to reap. */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "plan_sides.h"

static void announce_child(struct host *host) {
  struct stage *stage = &host->stage;
  send_message(*(int *)stage->context, CLONED, (uint32_t)stage->child, 0, "", host->pidfd);
}

static void warn_parent(struct stage *stage, int error, const char *detail) {
  send_message(*(int *)stage->context, WARNING, stage->index, error, detail, -1);
}

static _Noreturn void run_intermediate(struct host *host, int parent) {
  host->stage.warn = warn_parent;
  host->stage.context = &parent;
  host->sibling = true;
  reset_signals();
  const struct stage *stage = &host->stage;
  const int kept[] = {parent,          host->child_end, stage->channel,
                      stage->stdio[0], stage->stdio[1], stage->stdio[2]};
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && close_all_but(kept, sizeof kept / sizeof *kept) == 0 &&
      perform_host_side(host, announce_child) == 0) {
    send_message(parent, DONE, 0, 0, "", -1);
    _exit(0);
  }
  send_message(parent, FAILED, host->stage.index, errno, host->stage.detail, -1);
  _exit(1);
}

/* Reads what the intermediate process says until it is done: 0, or -1 with *failure. */
static int follow_intermediate(int from, struct plan_run *run, struct plan_failure *failure) {
  struct message message;
  int descriptor = -1;
  while (receive_message(from, &message, &descriptor) > 0)
    switch (message.kind) {
    case CLONED:
      run->pid = (pid_t)message.index;
      run->pidfd = descriptor;
      break;
    case WARNING:
      pass_warning(run, &message);
      break;
    case FAILED:
      if (!child_failed(run, failure))
        plan_fail(failure, message.index, (int)message.error, message.detail);
      return -1;
    case DONE:
      return 0;
    }
  plan_fail(failure, PLAN_NO_INDEX, ECHILD, "the process that prepares the container died");
  return -1;
}

int begin_forked(struct host *host, struct plan_run *run, struct plan_failure *failure) {
  int pair[2];
  plan_fail(failure, PLAN_NO_INDEX, 0, "starting a process");
  if (open_channel(pair) != 0) {
    failure->error = (uint32_t)errno;
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) {
    close(pair[0]);
    run_intermediate(host, pair[1]);
  }
  failure->error = (uint32_t)errno;
  close(pair[1]);
  close_fd(&host->child_end);
  int result = pid < 0 ? -1 : follow_intermediate(pair[0], run, failure);
  close(pair[0]);
  while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    ;
  return result;
}
