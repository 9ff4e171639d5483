/* Process 1 for programs that were not written to be it (docker run --init): forwards signals, reaps orphans.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Gives the terminal, when there is one, to the process group of the caller. */
static void take_terminal(void) {
  signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(STDIN_FILENO, getpgrp());
  signal(SIGTTOU, SIG_DFL);
}

static void execute(char **command, const sigset_t *original) {
  setpgid(0, 0);
  take_terminal();
  sigprocmask(SIG_SETMASK, original, NULL);
  execvp(command[0], command);
  int error = errno;
  fprintf(stderr, "docker-init: exec %s failed: %s\n", command[0], strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}

/* Reaps all that ended. Returns whether `child` was among them, with its exit code. */
static int reap(pid_t child, int *code) {
  int status, found = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != child)
      continue;
    *code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    found = 1;
  }
  return found;
}

/* Signals about ourselves or our terminal, and faults, which are not the child's business. */
static int forwarded(int signal) {
  static const int own[] = {SIGCHLD, SIGFPE,  SIGILL, SIGSEGV, SIGBUS,
                            SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (own[i] == signal)
      return 0;
  return 1;
}

static int supervise(pid_t child, const sigset_t *all) {
  int code = 0;
  for (;;) {
    siginfo_t info;
    if (sigwaitinfo(all, &info) < 0) {
      if (errno == EINTR)
        continue;
      perror("docker-init: sigwaitinfo");
      return 1;
    }
    if (info.si_signo == SIGCHLD) {
      if (reap(child, &code))
        return code;
    } else if (forwarded(info.si_signo)) {
      kill(child, info.si_signo);
    }
  }
}

int init_main(int argc, char **argv) {
  int first = 1;
  while (first < argc && strcmp(argv[first], "-s") == 0)
    first++;
  if (first < argc && strcmp(argv[first], "--") == 0)
    first++;
  if (first >= argc) {
    fputs("usage: docker-init [--] COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    perror("docker-init: not reaping orphans");
  sigset_t all, original;
  sigfillset(&all);
  static const int faults[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    sigdelset(&all, faults[i]);
  sigprocmask(SIG_SETMASK, &all, &original);
  pid_t child = fork();
  if (child < 0) {
    perror("docker-init: fork");
    return 126;
  }
  if (child == 0)
    execute(argv + first, &original);
  return supervise(child, &all);
}
