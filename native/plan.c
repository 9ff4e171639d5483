/* See plan.h. Host and child talk over one socket pair of packets: reports one way, the barrier and the gate
 * the other. The child's end is close-on-exec, so its end after `EXECUTING` is the news that execve
 * succeeded. */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "kernel.h"
#include "ops.h"

/* -- both sides */

static void warn_over_channel(struct stage *stage, int error, const char *detail) {
  send_message(stage->channel, WARNING, stage->index, error, detail, -1);
}

static _Noreturn void report_and_exit(struct stage *stage) {
  send_message(stage->channel, FAILED, stage->index, errno, stage->detail, -1);
  _exit(1);
}

static void fail(struct plan_failure *failure, uint32_t index, int error, const char *detail) {
  failure->index = index;
  failure->error = (uint32_t)error;
  snprintf(failure->detail, sizeof failure->detail, "%s", detail);
}

/* -- the child */

static void await_signal(struct stage *stage, enum message_kind expected) {
  struct message message;
  if (receive_message(stage->channel, &message, NULL) <= 0)
    _exit(1); /* whoever made us is gone */
  if (message.kind == (uint32_t)expected)
    return;
  errno = EPROTO;
  blame(stage, "unexpected message %u", message.kind);
  report_and_exit(stage);
}

static void perform_inside(struct stage *stage, const struct operation *operation) {
  if (operation->code == OP_AWAIT_HOST) {
    stage->index = operation->index;
    await_signal(stage, SIGNAL);
    if (stage->namespaces & CLONE_NEWUSER && become_root() != 0) {
      blame(stage, "root of the user namespace");
      report_and_exit(stage);
    }
  } else if (perform(stage, operation) != 0) {
    report_and_exit(stage);
  }
}

static void reset_signals(void) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigset_t none;
  for (int i = 1; i < NSIG; i++)
    if (i != SIGKILL && i != SIGSTOP)
      sigaction(i, &standard, NULL); /* fails for the two that libc keeps to itself */
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static int install_stdio(struct stage *stage) {
  for (int i = 0; i < 3; i++)
    if (dup2(stage->stdio[i], i) < 0)
      return -1;
  return sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* A script whose interpreter is missing, or no program at all: Docker's texts. */
static void blame_exec(struct stage *stage) {
  const char *reason = errno == ENOENT    ? "no such file or directory"
                       : errno == ENOEXEC ? "exec format error"
                       : errno == EACCES  ? "permission denied"
                                          : strerror(errno);
  blame(stage, "exec %s: %s", stage->program.path, reason);
}

static _Noreturn void execute(struct stage *stage) {
  struct program *program = &stage->program;
  static char *no_env[] = {NULL};
  umask(program->umask);
  if (install_stdio(stage) != 0) {
    blame(stage, "standard input and output");
    report_and_exit(stage);
  }
  send_message(stage->channel, EXECUTING, 0, 0, "", -1);
  reset_signals();
  uint32_t exec_index = stage->index;
  if (restrict_program(stage) != 0)
    report_and_exit(stage);
  stage->index = exec_index;
  execve(program->path, program->argv, program->env ? program->env : no_env);
  blame_exec(stage);
  report_and_exit(stage);
}

/* Not to be traced or read by what is already in a namespace that is joined (CVE-2016-9962). */
static void prepare_child(struct stage *stage) {
  stage->inside = true;
  stage->child = 0;
  stage->warn = warn_over_channel;
  close_fd(&stage->netlink);
  umask(0);
  setsid(); /* fails only for a process that already leads its group */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    report_and_exit(stage);
}

static _Noreturn void run_child(struct stage *stage, const uint8_t *list, size_t size) {
  struct reader reader = reader_of(list, size);
  uint32_t count = read_u32(&reader);
  prepare_child(stage);
  for (uint32_t i = 0; i < count; i++) {
    struct operation operation = next_operation(&reader, i);
    if (operation.inside)
      perform_inside(stage, &operation);
  }
  send_message(stage->channel, READY, 0, 0, "", stage->console);
  close_fd(&stage->console);
  await_signal(stage, GO);
  if (stage->program.path)
    execute(stage);
  send_message(stage->channel, DONE, 0, 0, "", -1);
  _exit(0);
}

/* -- the host side */

struct host {
  struct stage stage;
  const uint8_t *list;
  size_t size;
  bool sibling;  /* the child becomes one of the caller's parent (CLONE_PARENT) */
  int child_end; /* of the channel; closed after the clone */
  int pidfd;
};

static void open_null(struct stage *stage, int given[3]) {
  for (int i = 0; i < 3; i++)
    /* Above 2, so that install_stdio never overwrites one that it still needs. */
    stage->stdio[i] =
        given[i] >= 0 ? fcntl(given[i], F_DUPFD_CLOEXEC, 3) : open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int clone_child(struct host *host, struct reader *in) {
  struct stage *stage = &host->stage;
  stage->namespaces = read_u64(in);
  const char *cgroup = read_string(in, NULL);
  AUTO_CLOSE int cgroup_fd = *cgroup ? open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  if (*cgroup && cgroup_fd < 0)
    return blame(stage, "%s", cgroup);
  struct clone_args arguments = {
      .flags = stage->namespaces | CLONE_PIDFD | (host->sibling ? CLONE_PARENT : 0) |
               (*cgroup ? CLONE_INTO_CGROUP : 0),
      .pidfd = (uint64_t)(uintptr_t)&host->pidfd,
      .exit_signal = host->sibling ? 0 : SIGCHLD,
      .cgroup = (uint64_t)(*cgroup ? cgroup_fd : 0),
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
  default:
    return perform(stage, operation);
  }
}

/* All host-side operations. `cloned` is called right after the clone. */
static int perform_host_side(struct host *host, void (*cloned)(struct host *host)) {
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

static void release_host(struct host *host) {
  struct stage *stage = &host->stage;
  int *descriptors[] = {&stage->root,     &stage->netlink,  &stage->empty,    &stage->null,
                        &stage->stdio[0], &stage->stdio[1], &stage->stdio[2], &host->child_end};
  for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
    close_fd(descriptors[i]);
  free(stage->identity.groups);
  free(stage->identity.home);
  free(stage->program.env);
  free(stage->program.filter);
}

static void close_report(struct plan_run *run) {
  close_fd(&run->report);
  run->gate = -1;
}

/* Ends a plan that failed. When the child told why, that is the reason, not what the host met because of it.
 */
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

static void pass_warning(const struct plan_run *run, const struct message *message) {
  struct plan_failure warning;
  fail(&warning, message->index, (int)message->error, message->detail);
  if (run->warn)
    run->warn(run->context, &warning);
}

/* The child's own report, when it is already there. */
static bool child_failed(struct plan_run *run, struct plan_failure *failure) {
  struct message message;
  while (run->report >= 0 && receive_now(run->report, &message) > 0) {
    if (message.kind == WARNING)
      pass_warning(run, &message);
    if (message.kind == FAILED) {
      fail(failure, message.index, (int)message.error, message.detail);
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
  if (result != 0 && !child_failed(run, failure))
    fail(failure, host->stage.index, error, host->stage.detail);
  return result;
}

/* -- the host side in a process of its own */

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
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && perform_host_side(host, announce_child) == 0) {
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
        fail(failure, message.index, (int)message.error, message.detail);
      return -1;
    case DONE:
      return 0;
    }
  fail(failure, PLAN_NO_INDEX, ECHILD, "the process that prepares the container died");
  return -1;
}

static int begin_forked(struct host *host, struct plan_run *run, struct plan_failure *failure) {
  int pair[2];
  fail(failure, PLAN_NO_INDEX, 0, "starting a process");
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

/* -- the steps */

static int check_list(const uint8_t *list, size_t size, struct plan_failure *failure) {
  const char *reason = "";
  uint32_t index = PLAN_NO_INDEX;
  if (list_check(list, size, &index, &reason) == 0)
    return 0;
  fail(failure, index, EBADMSG, reason);
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
    fail(failure, PLAN_NO_INDEX, errno, "socketpair");
    return -1;
  }
  run->report = run->gate = pair[0];
  struct host host = {
      .stage = {.channel = pair[0],
                .root = -1,
                .netlink = -1,
                .empty = -1,
                .null = -1,
                .console = -1,
                .program.umask = 022},
      .list = list,
      .size = size,
      .child_end = pair[1],
      .pidfd = -1,
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
  fail(failure, PLAN_NO_INDEX, ECHILD, text);
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
      fail(failure, message.index, (int)message.error, message.detail);
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
