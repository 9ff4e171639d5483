/* The child, from the clone to execve. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "kernel.h"
#include "plan_sides.h"

static void warn_over_channel(struct stage *stage, int error, const char *detail) {
  send_message(stage->channel, WARNING, stage->index, error, detail, -1);
}

static _Noreturn void report_and_exit(struct stage *stage) {
  send_message(stage->channel, FAILED, stage->index, errno, stage->detail, -1);
  _exit(1);
}

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

void reset_signals(void) {
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
  blame(stage, "%s", program->path); /* not of an executable format, or its interpreter is missing */
  report_and_exit(stage);
}

/* Drops what the child has of its maker's: the log, the sockets, the way to the daemon. */
static int drop_descriptors(const struct stage *stage) {
  const int kept[] = {stage->channel,  stage->root,     stage->joined,   stage->empty,  stage->null,
                      stage->stdio[0], stage->stdio[1], stage->stdio[2], stage->served, stage->server_output};
  if (close_all_but(kept, sizeof kept / sizeof *kept) != 0)
    return -1;
  for (int i = 0; i < 3; i++)
    if (dup2(stage->stdio[i], i) < 0)
      return -1;
  return 0;
}

/* Not to be traced or read by what is already in a namespace that is joined (CVE-2016-9962); and should it be
 * read all the same (by CAP_SYS_PTRACE), it holds nothing of the host. */
static void prepare_child(struct stage *stage) {
  stage->inside = true;
  stage->child = 0;
  stage->warn = warn_over_channel;
  close_fd(&stage->netlink);
  umask(0);
  setsid(); /* fails only for a process that already leads its group */
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || drop_descriptors(stage) != 0)
    report_and_exit(stage);
}

_Noreturn void run_child(struct stage *stage, const uint8_t *list, size_t size) {
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
