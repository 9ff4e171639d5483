#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "kernel.h"

#define MAX_LINKS 40
/* openat2 gives up with EAGAIN when something is renamed while it climbs "..". */
#define MAX_ATTEMPTS 64

int root_open(struct stage *stage, const char *target, int flags, uint64_t resolve) {
  if (stage->root < 0)
    stage->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (stage->root < 0)
    return -1;
  struct open_how how = {
      .flags = (uint64_t)(flags | O_CLOEXEC),
      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
  };
  int fd = -1;
  for (int i = 0; i < MAX_ATTEMPTS; i++) {
    fd = sys_openat2(stage->root, *target ? target : "/", &how);
    if (fd >= 0 || errno != EAGAIN)
      break;
  }
  return fd;
}

/* One try at making `path`. */
enum attempt { MADE, FAILED, RENAMED };

/* Puts what the symbolic link `name` (at path[start..end)) says into its place. */
static enum attempt follow_link(char *path, size_t start, size_t end, int dir, const char *name) {
  char link[PATH_MAX], rest[PATH_MAX];
  ssize_t size = readlinkat(dir, name, link, sizeof link - 1);
  if (size < 0)
    return FAILED;
  link[size] = 0;
  strcpy(rest, path + end);
  size_t kept = link[0] == '/' ? 0 : start;
  if (kept + (size_t)size + strlen(rest) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return FAILED;
  }
  strcpy(path + kept, link);
  strcat(path, rest);
  return RENAMED;
}

static int make_one(int dir, const char *name, bool file) {
  return file ? mknodat(dir, name, S_IFREG | 0644, 0) : mkdirat(dir, name, 0755);
}

static enum attempt make_components(struct stage *stage, char *path, bool file, int *made) {
  AUTO_CLOSE int dir = root_open(stage, "/", O_PATH | O_DIRECTORY, 0);
  size_t start = strspn(path, "/"), end;
  for (; dir >= 0 && path[start]; start = end + strspn(path + end, "/")) {
    end = start + strcspn(path + start, "/");
    bool last = path[end + strspn(path + end, "/")] == 0;
    char after = path[end];
    path[end] = 0;
    int next = root_open(stage, path, O_PATH, 0);
    if (next < 0 && errno == ENOENT) {
      char name[NAME_MAX + 1];
      if (end - start > NAME_MAX) {
        errno = ENAMETOOLONG;
        return FAILED;
      }
      strcpy(name, path + start);
      path[end] = after;
      if (make_one(dir, name, file && last) != 0)
        return errno == EEXIST ? follow_link(path, start, end, dir, name) : FAILED;
      next = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
      path[end] = 0;
      if (next >= 0 && stage->made && stage->made(next, path) != 0)
        close_fd(&next);
    }
    path[end] = after;
    close_fd(&dir);
    dir = next;
  }
  *made = keep_fd(&dir);
  return *made < 0 ? FAILED : MADE;
}

static int make_path(struct stage *stage, const char *target, bool file) {
  int fd = root_open(stage, target, O_PATH, 0);
  if (fd >= 0 || errno != ENOENT)
    return fd;
  char path[PATH_MAX];
  if (strlen(target) >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(path, target);
  for (int i = 0; i < MAX_LINKS; i++)
    switch (make_components(stage, path, file, &fd)) {
    case MADE:
      return fd;
    case FAILED:
      return -1;
    case RENAMED:
      break;
    }
  errno = ELOOP;
  return -1;
}

int root_make_directory(struct stage *stage, const char *target) {
  AUTO_CLOSE int fd = make_path(stage, target, false);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return -1;
  if (!S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    return -1;
  }
  return keep_fd(&fd);
}

int root_make_file(struct stage *stage, const char *target) {
  AUTO_CLOSE int fd = make_path(stage, target, true);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return -1;
  if (S_ISDIR(status.st_mode)) {
    errno = ENOTDIR; /* what mount(2) says of a file over a directory */
    return -1;
  }
  return keep_fd(&fd);
}

int root_parent(struct stage *stage, const char *target, const char **name) {
  const char *slash = strrchr(target, '/');
  *name = slash ? slash + 1 : target;
  size_t size = (size_t)(*name - target);
  char parent[PATH_MAX] = "/";
  if (**name == 0 || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
    errno = EINVAL;
    return -1;
  }
  if (size >= sizeof parent) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (size > 0) {
    memcpy(parent, target, size);
    parent[size] = 0;
  }
  return root_make_directory(stage, parent);
}

void leaf_close(struct leaf *leaf) {
  close_fd(&leaf->directory);
}

static int open_leaf(struct stage *stage, bool make, struct leaf *leaf) {
  const char *slash = strrchr(leaf->path, '/');
  char parent[PATH_MAX] = "/";
  leaf->name = slash ? slash + 1 : leaf->path;
  size_t size = (size_t)(leaf->name - leaf->path);
  if (*leaf->name == 0 || strcmp(leaf->name, ".") == 0 || strcmp(leaf->name, "..") == 0) {
    leaf->name = ".";
    size = strlen(leaf->path);
  }
  if (size > 0) {
    memcpy(parent, leaf->path, size);
    parent[size] = 0;
  }
  leaf->directory =
      make ? root_make_directory(stage, parent) : root_open(stage, parent, O_PATH | O_DIRECTORY, 0);
  return leaf->directory < 0 ? -1 : 0;
}

int root_leaf(struct stage *stage, const char *target, bool follow, bool make, struct leaf *leaf) {
  leaf->directory = -1;
  if (strlen(target) >= sizeof leaf->path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(leaf->path, target);
  for (int i = 0; i < MAX_LINKS; i++) {
    leaf_close(leaf);
    if (open_leaf(stage, make, leaf) != 0)
      return -1;
    size_t start = strlen(leaf->path) - strlen(leaf->name);
    if (!follow || strcmp(leaf->name, ".") == 0)
      return 0;
    if (follow_link(leaf->path, start, strlen(leaf->path), leaf->directory, leaf->name) == FAILED)
      return errno == EINVAL || errno == ENOENT ? 0 : -1; /* no link, or nothing */
  }
  errno = ELOOP;
  return -1;
}
