/* One list of operations, performed at once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "files.h"
#include "init.h"
#include "ops.h"
#include "plan.h"
#include "process.h"

static void print_json_string(const char *text) {
  putc('"', stderr);
  for (const unsigned char *at = (const unsigned char *)text; *at; at++)
    if (*at == '"' || *at == '\\')
      fprintf(stderr, "\\%c", *at);
    else if (*at < 0x20 || *at == 0x7f)
      fprintf(stderr, "\\u%04x", *at);
    else
      putc(*at, stderr);
  putc('"', stderr);
}

static void print_failure(const struct plan_failure *failure, bool warning) {
  fprintf(stderr, "{%s\"index\":%u,\"errno\":%u,\"detail\":", warning ? "\"warning\":true," : "",
          failure->index, failure->error);
  print_json_string(failure->detail);
  fputs("}\n", stderr);
}

static void print_warning(void *context, const struct plan_failure *failure) {
  (void)context;
  print_failure(failure, true);
}

static int complain(const char *text) {
  struct plan_failure failure = {.index = PLAN_NO_INDEX, .error = (uint32_t)errno};
  snprintf(failure.detail, sizeof failure.detail, "%s", text);
  print_failure(&failure, false);
  return 1;
}

/* u32 length and that many bytes. */
static uint8_t *read_prefixed(int fd, size_t *size) {
  uint8_t prefix[4];
  if (read_exactly(fd, prefix, sizeof prefix) != 0)
    return NULL;
  struct reader reader = reader_of(prefix, sizeof prefix);
  *size = read_u32(&reader);
  if (*size > WIRE_MAX) {
    errno = EMSGSIZE;
    return NULL;
  }
  AUTO_FREE uint8_t *list = malloc(*size + 1);
  if (!list || read_exactly(fd, list, *size) != 0)
    return NULL;
  uint8_t *result = list;
  list = NULL;
  return result;
}

/* Once from `from` to `to`; false at the end. */
static bool pump(int from, int to) {
  char buffer[65536];
  ssize_t n = read(from, buffer, sizeof buffer);
  return n > 0 && write_all(to, buffer, (size_t)n) == 0;
}

/* Between our stdio and the program's terminal, until the latter is hung up. */
static void relay(int console) {
  struct pollfd both[2] = {{.fd = console, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  for (;;) {
    if (poll(both, 2, -1) < 0 && errno != EINTR)
      return;
    if (both[0].revents && !pump(console, STDOUT_FILENO))
      return;
    if (both[1].revents && !pump(STDIN_FILENO, console))
      both[1].fd = -1;
  }
}

static int wait_for(struct plan_run *run) {
  int status = 0;
  if (run->console >= 0)
    relay(run->console);
  while (waitpid(run->pid, &status, 0) < 0)
    if (errno != EINTR)
      return complain("waiting");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int perform_plan(const uint8_t *list, size_t size, bool forked, struct plan_run *run) {
  struct plan_options options = {.in = 0, .out = 1, .err = 2, .forked = forked, .warn = print_warning};
  struct plan_failure failure = {0};
  if (plan_begin(list, size, &options, run, &failure) != 0 || plan_ready(run, &failure) != 0 ||
      plan_go(run, &failure) != 0 || plan_finish(run, &failure) != 0) {
    print_failure(&failure, false);
    return 1;
  }
  return run->pid ? wait_for(run) : 0;
}

/* Leaves the mount namespace that the list may have made; with its last mount the server of the root ends. */
static void await_server(pid_t server, int home) {
  if (server == 0 || setns(home, CLONE_NEWNS) != 0)
    return;
  while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
    ;
}

static int perform_list(const uint8_t *list, size_t size, bool forked) {
  AUTO_CLOSE int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  struct plan_run run;
  int code = perform_plan(list, size, forked, &run);
  await_server(run.server, home);
  return code;
}

static int only_check(const uint8_t *list, size_t size) {
  struct plan_failure failure = {0};
  const char *reason = "";
  if (list_check(list, size, &failure.index, &reason) == 0)
    return 0;
  failure.error = (uint32_t)errno;
  snprintf(failure.detail, sizeof failure.detail, "%s", reason);
  print_failure(&failure, false);
  return 1;
}

int run_main(int argc, char **argv) {
  bool check = false, forked = false;
  int list_fd = -1;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--check") == 0)
      check = true;
    else if (strcmp(argv[i], "--forked") == 0)
      forked = true;
    else if (strcmp(argv[i], "--list-fd") == 0 && i + 1 < argc)
      list_fd = atoi(argv[++i]);
    else if (strcmp(argv[i], "--with-parent") == 0 && end_with_parent() == 0)
      continue;
    else {
      errno = EINVAL;
      return complain("usage: gantry-init run [--check] [--forked] [--with-parent] [--list-fd N]");
    }
  signal(SIGPIPE, SIG_IGN);
  umask(0);
  size_t size = 0;
  AUTO_FREE uint8_t *list =
      list_fd >= 0 ? (uint8_t *)read_whole(list_fd, WIRE_MAX, &size) : read_prefixed(STDIN_FILENO, &size);
  if (!list)
    return complain("reading the list");
  return check ? only_check(list, size) : perform_list(list, size, forked);
}
