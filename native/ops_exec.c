/* The program: its environment, working directory and executable. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "kernel.h"
#include "ops.h"
#include "paths.h"

int op_env(struct stage *stage, struct reader *in) {
  free(stage->program.env);
  stage->program.env = read_strings(in, NULL);
  return stage->program.env ? 0 : -1;
}

static const char *variable(char *const *env, const char *name) {
  size_t size = strlen(name);
  for (; env && *env; env++)
    if (strncmp(*env, name, size) == 0 && (*env)[size] == '=')
      return *env + size + 1;
  return NULL;
}

int complete_environment(struct stage *stage) {
  char ***env = &stage->program.env, *home = stage->identity.home;
  const char *given = variable(*env, "HOME");
  if (!home || (given && *given))
    return 0;
  size_t count = 0;
  while (*env && (*env)[count])
    count++;
  char **grown = calloc(count + 2, sizeof *grown), *entry = NULL;
  if (!grown || asprintf(&entry, "HOME=%s", home) < 0) {
    free(grown);
    return -1;
  }
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (strncmp((*env)[i], "HOME=", 5) != 0)
      grown[kept++] = (*env)[i];
  grown[kept] = entry;
  free(*env);
  *env = grown;
  return 0;
}

/* getcwd(2) says "(unreachable)/…" outside of the root. */
static bool inside_root(void) {
  char path[PATH_MAX];
  return syscall(SYS_getcwd, path, sizeof path) > 0 && path[0] == '/';
}

int op_chdir(struct stage *stage, struct reader *in) {
  const char *target = read_string(in, NULL);
  bool create = read_bool(in);
  AUTO_CLOSE int fd = root_open(stage, target, O_PATH | O_DIRECTORY, 0);
  if (fd < 0 && errno == ENOENT && create)
    fd = root_make_directory(stage, target);
  if (fd < 0 || fchdir(fd) != 0)
    return blame(stage, "chdir to cwd (\"%.120s\") set in config.json failed: %s", target, reason_of(errno));
  if (inside_root())
    return 0;
  errno = ENOENT;
  return blame(stage,
               "current working directory is outside of container mount namespace root -- possible container "
               "breakout detected");
}

/* 0, or -1 with errno: a file that the caller may execute. */
static int check_executable(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0)
    return -1;
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return -1;
  }
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/* As Go's LookPath does, whose texts Docker's users (and its CLI's exit codes) know. */
static int find_executable(struct stage *stage, const char *name, char *path) {
  if (strchr(name, '/')) {
    if (strlen(name) >= PATH_MAX) {
      errno = ENAMETOOLONG;
      return blame(stage, "exec: \"%.80s\": %s", name, reason_of(errno));
    }
    strcpy(path, name);
    if (check_executable(path) == 0)
      return 0;
    if (errno == ENOENT || errno == ENOTDIR)
      return blame(stage, "exec: \"%.80s\": stat %.80s: %s", name, name, reason_of(errno));
    return blame(stage, "exec: \"%.80s\": %s", name, reason_of(errno));
  }
  const char *at = variable(stage->program.env, "PATH");
  for (; *name && at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
    int size = (int)strcspn(at, ":");
    int length = snprintf(path, PATH_MAX, "%.*s%s%s", size, at, size ? "/" : "./", name);
    if (length < PATH_MAX && check_executable(path) == 0)
      return 0;
  }
  errno = ENOENT;
  return blame(stage, "exec: \"%.120s\": executable file not found in $PATH", name);
}

int op_exec(struct stage *stage, struct reader *in) {
  struct program *program = &stage->program;
  uint32_t count;
  free(program->argv);
  program->argv = read_strings(in, &count);
  if (!program->argv || complete_environment(stage) != 0)
    return -1;
  if (count == 0) {
    errno = EINVAL;
    return blame(stage, "no command specified");
  }
  char path[PATH_MAX];
  if (find_executable(stage, program->argv[0], path) != 0)
    return -1;
  program->path = strdup(path);
  return program->path ? 0 : -1;
}
