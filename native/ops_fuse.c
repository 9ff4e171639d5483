/* A root file system that a program of the host serves over FUSE (fuse-overlayfs).
 *
 * The mount is made detached and handed to the child, so that it is seen in the container's mount namespace
 * alone; with the last process in there the connection ends, and with the connection the program. Only the
 * program has the connection's descriptor: were another copy open, its death would leave readers waiting for
 * ever (fuse_dev_release). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "filesystem.h"
#include "kernel.h"
#include "ops.h"

struct server {
  const char *cwd;
  char **argv; /* ends with `place` */
  int fuse, output;
  char place[sizeof "/dev/fd/2147483647"];
};

/* As the shim does, the server outlives terminals and polite requests to leave: they are not meant for the
 * container whose files it serves. libfuse handles these signals, but leaves the mask alone. */
static int keep_running(void) {
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int *number = (const int[]){SIGHUP, SIGINT, SIGQUIT, SIGTERM, 0}; *number; number++)
    sigaddset(&blocked, *number);
  return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static int install_descriptors(const struct server *server) {
  AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
      dup2(server->output, STDERR_FILENO) < 0)
    return -1;
  return close_all_but(&server->fuse, 1) != 0 ? -1 : fcntl(server->fuse, F_SETFD, 0);
}

static _Noreturn void serve(const struct server *server) {
  static char *no_env[] = {NULL};
  setsid();
  if (install_descriptors(server) == 0 && keep_running() == 0 && chdir(server->cwd) == 0)
    execve(server->argv[0], server->argv, no_env);
  dprintf(STDERR_FILENO, "%s", reason_of(errno));
  _exit(127);
}

/* Its mount point is /dev/fd/N: libfuse then takes the connection as it is (mount.fuse3(8)). */
static int complete_argv(struct server *server, uint32_t count) {
  char **grown = realloc(server->argv, (count + 2) * sizeof *grown);
  if (!grown)
    return -1;
  snprintf(server->place, sizeof server->place, "/dev/fd/%d", server->fuse);
  grown[count] = server->place;
  grown[count + 1] = NULL;
  server->argv = grown;
  return 0;
}

/* A pipe, of which the server gets the writing end: `stage->server_output` is what it has to say when it does
 * not come up. Later nobody listens, and it ignores SIGPIPE. */
static int start_server(struct stage *stage, struct server *server) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return -1;
  stage->server_output = ends[0];
  server->output = ends[1];
  pid_t pid = fork();
  if (pid == 0)
    serve(server);
  close_fd(&server->output);
  if (pid < 0)
    return blame(stage, "fork");
  stage->server = pid;
  return 0;
}

static void free_argv(struct server *server) {
  free(server->argv);
}

int op_fuse_serve(struct stage *stage, struct reader *in) {
  const char *source = read_string(in, NULL), *cwd = read_string(in, NULL);
  uint32_t count;
  __attribute__((cleanup(free_argv))) struct server server = {.cwd = cwd, .argv = read_strings(in, &count)};
  if (!server.argv)
    return -1;
  if (count == 0 || stage->server != 0) {
    errno = EINVAL;
    return blame(stage, count == 0 ? "no program" : "a second server");
  }
  AUTO_CLOSE int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0)
    return blame(stage, "/dev/fuse");
  server.fuse = fuse;
  char options[160];
  snprintf(options, sizeof options,
           "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other,subtype=%.40s", fuse,
           source);
  stage->served = filesystem_new(stage, "fuse", source, 0, options);
  return stage->served < 0 || complete_argv(&server, count) != 0 ? -1 : start_server(stage, &server);
}

/* The last line of what the server said before it ended: warnings come first. */
static int blame_server(struct stage *stage) {
  int saved = errno;
  char text[2048];
  ssize_t size = read(stage->server_output, text, sizeof text - 1);
  while (size > 0 && text[size - 1] == '\n')
    size--;
  text[size > 0 ? size : 0] = 0;
  const char *newline = strrchr(text, '\n'), *line = newline ? newline + 1 : text;
  errno = saved;
  return blame(stage, "the server of the root ended%s%.200s", *line ? ": " : "", line);
}

int op_fuse_root(struct stage *stage, struct reader *in) {
  const char *path = read_string(in, NULL);
  struct stat status;
  if (stage->served < 0) {
    errno = EINVAL;
    return blame(stage, "there is no server");
  }
  /* Waits for the server's first answer. */
  if (fstat(stage->served, &status) != 0)
    return errno == ENOTCONN ? blame_server(stage) : -1;
  AUTO_CLOSE int at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0 || sys_move_mount(stage->served, at) != 0)
    return -1;
  close_fd(&stage->served);
  close_fd(&stage->server_output);
  return 0;
}
