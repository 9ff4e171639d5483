/* See plan.h. */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "kernel.h"
#include "plan_sides.h"

void plan_fail(struct plan_failure *failure, uint32_t index, int error, const char *detail) {
  failure->index = index;
  failure->error = (uint32_t)error;
  snprintf(failure->detail, sizeof failure->detail, "%s", detail);
}

static void open_null(struct stage *stage, int given[3]) {
  for (int i = 0; i < 3; i++)
    /* Above 2, so that install_stdio never overwrites one that it still needs. */
    stage->stdio[i] =
        given[i] >= 0 ? fcntl(given[i], F_DUPFD_CLOEXEC, 3) : open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void close_report(struct plan_run *run) {
  close_fd(&run->report);
  run->gate = -1;
}

/* Ends a plan that failed. */
static void abandon(struct plan_run *run) {
  if (run->pid > 0) {
    sys_pidfd_send_signal(run->pidfd, SIGKILL);
    while (waitpid(run->pid, NULL, __WALL) < 0 && errno == EINTR)
      ;
  }
  close_fd(&run->pidfd);
  close_report(run);
  close_fd(&run->console);
  run->pid = 0;
}

void pass_warning(const struct plan_run *run, const struct message *message) {
  struct plan_failure warning;
  plan_fail(&warning, message->index, (int)message->error, message->detail);
  if (run->warn)
    run->warn(run->context, &warning);
}

bool child_failed(struct plan_run *run, struct plan_failure *failure) {
  struct message message;
  while (run->report >= 0 && receive_now(run->report, &message) > 0) {
    if (message.kind == WARNING)
      pass_warning(run, &message);
    if (message.kind == FAILED) {
      plan_fail(failure, message.index, (int)message.error, message.detail);
      return true;
    }
  }
  return false;
}

static void warn_directly(struct stage *stage, int error, const char *detail) {
  struct message message = {.index = stage->index, .error = (uint32_t)error};
  snprintf(message.detail, sizeof message.detail, "%s", detail);
  pass_warning(stage->context, &message);
}

static int begin_here(struct host *host, struct plan_run *run, struct plan_failure *failure) {
  host->stage.warn = warn_directly;
  host->stage.context = run;
  int result = perform_host_side(host, NULL), error = errno;
  run->pid = host->stage.child;
  run->pidfd = host->pidfd;
  run->server = host->stage.server;
  if (result != 0 && !child_failed(run, failure))
    plan_fail(failure, host->stage.index, error, host->stage.detail);
  return result;
}

static int check_list(const uint8_t *list, size_t size, struct plan_failure *failure) {
  const char *reason = "";
  uint32_t index = PLAN_NO_INDEX;
  if (list_check(list, size, &index, &reason) == 0)
    return 0;
  plan_fail(failure, index, EBADMSG, reason);
  return -1;
}

int plan_begin(const uint8_t *list, size_t size, const struct plan_options *options, struct plan_run *run,
               struct plan_failure *failure) {
  *run = (struct plan_run){.pidfd = -1,
                           .report = -1,
                           .gate = -1,
                           .console = -1,
                           .warn = options->warn,
                           .context = options->context};
  if (check_list(list, size, failure) != 0)
    return -1;
  int pair[2], given[3] = {options->in, options->out, options->err};
  if (open_channel(pair) != 0) {
    plan_fail(failure, PLAN_NO_INDEX, errno, "socketpair");
    return -1;
  }
  run->report = run->gate = pair[0];
  struct host host = {
      .stage = {.channel = pair[0],
                .root = -1,
                .served = -1,
                .server_output = -1,
                .netlink = -1,
                .joined = -1,
                .empty = -1,
                .null = -1,
                .console = -1,
                .program.umask = 022},
      .list = list,
      .size = size,
      .child_end = pair[1],
      .pidfd = -1,
      .cgroup = -1,
  };
  open_null(&host.stage, given);
  int result = options->forked ? begin_forked(&host, run, failure) : begin_here(&host, run, failure);
  release_host(&host);
  if (result != 0)
    abandon(run);
  else if (run->pid == 0)
    close_report(run);
  return result;
}

/* The child ended without a word. */
static void describe_death(struct plan_run *run, struct plan_failure *failure) {
  int status = 0;
  char text[DETAIL_SIZE];
  while (waitpid(run->pid, &status, __WALL) < 0 && errno == EINTR)
    ;
  if (WIFSIGNALED(status))
    snprintf(text, sizeof text, "the process was killed by signal %d while it was being set up",
             WTERMSIG(status));
  else
    snprintf(text, sizeof text, "the process exited with %d while it was being set up", WEXITSTATUS(status));
  plan_fail(failure, PLAN_NO_INDEX, ECHILD, text);
  run->pid = 0;
  abandon(run);
}

/* Reads reports until one of kind `until`, or the child's end of the channel closes: 1, 0, or -1 with
 * everything undone. */
static int await_report(struct plan_run *run, enum message_kind until, struct plan_failure *failure) {
  struct message message;
  int descriptor = -1;
  while (receive_message(run->report, &message, &descriptor) > 0) {
    if (descriptor >= 0) {
      close_fd(&run->console);
      run->console = descriptor;
      descriptor = -1;
    }
    if (message.kind == (uint32_t)until)
      return 1;
    if (message.kind == WARNING)
      pass_warning(run, &message);
    if (message.kind == EXECUTING)
      run->executing = true;
    if (message.kind == FAILED) {
      plan_fail(failure, message.index, (int)message.error, message.detail);
      abandon(run);
      return -1;
    }
  }
  return 0;
}

int plan_ready(struct plan_run *run, struct plan_failure *failure) {
  if (run->pid == 0)
    return 0;
  int result = await_report(run, READY, failure);
  if (result == 0)
    describe_death(run, failure);
  return result == 1 ? 0 : -1;
}

int plan_go(struct plan_run *run, struct plan_failure *failure) {
  if (run->pid == 0 || send_message(run->gate, GO, 0, 0, "", -1) == 0)
    return 0;
  /* It may have said why before it ended. */
  if (await_report(run, DONE, failure) >= 0)
    describe_death(run, failure);
  return -1;
}

int plan_finish(struct plan_run *run, struct plan_failure *failure) {
  if (run->pid == 0)
    return 0;
  int result = await_report(run, DONE, failure);
  if (result < 0)
    return -1;
  if (result == 0 && !run->executing) {
    describe_death(run, failure);
    return -1;
  }
  close_report(run);
  return 0;
}
