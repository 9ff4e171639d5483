#include "path_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "files.h"
#include "json_name.h"
#include "paths.h"

/* As Go's filepath.EvalSymlinks. */
#define MAX_LINKS 255
#define REST_MAX (2 * PATH_MAX)

static bool refuse(const char *path, int fd) {
  if (errno != ENOENT || fd >= 0)
    fail_errno("lstat %s", path);
  puts("{\"refused\":\"missing\"}");
  return false;
}

static bool find_directory(struct stage *stage, const char *path, struct path_found *found) {
  found->name = NULL;
  found->directory = root_open(stage, path, O_RDONLY | O_DIRECTORY, 0);
  return found->directory >= 0 && fstat(found->directory, &found->status) == 0
             ? true
             : refuse(path, found->directory);
}

bool path_find(const char *path, struct path_found *found) {
  struct stage stage = {.root = -1};
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (slash == NULL || strlen(path) >= sizeof parent) {
    errno = slash == NULL ? EINVAL : ENAMETOOLONG;
    fail_errno("lstat %s", path);
  }
  if (slash[1] == '\0')
    return find_directory(&stage, path, found);
  snprintf(parent, sizeof parent, "%.*s", (int)(slash - path) + 1, path);
  found->name = slash + 1;
  found->directory = root_open(&stage, parent, O_PATH | O_DIRECTORY, 0);
  if (found->directory < 0)
    return refuse(path, -1);
  return fstatat(found->directory, found->name, &found->status, AT_SYMLINK_NOFOLLOW) == 0 || refuse(path, -1);
}

/* Lexical "..": `done` is free of links. */
static void append_component(char *done, const char *name) {
  size_t kept = strlen(done);
  char *slash = strrchr(done, '/');
  if (strcmp(name, "..") == 0 && slash != NULL)
    *slash = '\0';
  if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    return;
  if (snprintf(done + kept, PATH_MAX - kept, "/%s", name) >= (int)(PATH_MAX - kept))
    fail("a symbolic link leads to a name that is too long");
}

/* Moves the first component of `rest` to the end of `done`; a link is replaced by what it says. */
static void resolve_component(char *done, char *rest, int *links) {
  char target[PATH_MAX], name[PATH_MAX], tail[REST_MAX];
  size_t start = strspn(rest, "/"), length = strcspn(rest + start, "/"), kept = strlen(done);
  if (length >= sizeof name)
    fail("a symbolic link leads to a name that is too long");
  memcpy(name, rest + start, length);
  name[length] = '\0';
  strcpy(tail, rest + start + length);
  strcpy(rest, tail);
  append_component(done, name);
  ssize_t size = strlen(done) > kept ? readlinkat(AT_FDCWD, done, target, sizeof target - 1) : -1;
  if (size < 0)
    return; /* no link, or nothing */
  target[size] = '\0';
  done[target[0] == '/' ? 0 : kept] = '\0';
  int total = snprintf(rest, REST_MAX, "%s/%s", target, tail);
  if (++*links > MAX_LINKS || total >= REST_MAX)
    fail("too many symbolic links");
}

/* Only text: what is there may change at once. */
static void resolve(const char *path, char *done) {
  char rest[REST_MAX];
  int links = 0;
  snprintf(rest, sizeof rest, "%s", path);
  *done = '\0';
  while (*rest != '\0')
    resolve_component(done, rest, &links);
  if (*done == '\0')
    strcpy(done, "/");
}

void path_print(const char *path, const struct path_found *found) {
  const struct stat *status = &found->status;
  char link[PATH_MAX] = "";
  if (S_ISLNK(status->st_mode))
    resolve(path, link);
  printf("{\"mode\":%u,\"size\":%lld,\"seconds\":%lld,\"nanoseconds\":%ld,\"link\":\"", status->st_mode,
         (long long)status->st_size, (long long)status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
  print_json_name(link);
  puts("\"}");
}
