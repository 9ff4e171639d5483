/* A volume's first use: what the image has at its place goes into it, while it is empty. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "copy_tree.h"
#include "directory.h"
#include "files.h"
#include "ops.h"
#include "paths.h"

#define UNCHANGED UINT32_MAX

static int open_volume(struct stage *stage, const char *path, const char *subpath) {
  int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  if (!*subpath)
    return open(path, flags);
  int fd = open_beneath(path, subpath, flags);
  return fd < 0 ? blame(stage, "subpath") : fd;
}

static int copy_image(struct stage *stage, const char *target, int to) {
  AUTO_CLOSE int from = root_open(stage, target, O_PATH, 0);
  struct stat status;
  if (from < 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  if (fstat(from, &status) != 0)
    return -1;
  if (S_ISDIR(status.st_mode))
    return copy_tree_contents(from, to);
  errno = EEXIST;
  return blame(stage, "cannot mount volume over existing file, file exists %s", target);
}

/* Owner first, as chown clears set-group-ID. */
static int set_owner(int fd, uint32_t uid, uint32_t gid, uint32_t mode) {
  if ((uid != UNCHANGED || gid != UNCHANGED) && fchown(fd, uid, gid) != 0)
    return -1;
  return mode == UNCHANGED ? 0 : fchmod(fd, mode);
}

int op_populate(struct stage *stage, struct reader *in) {
  const char *target = read_string(in, NULL), *path = read_string(in, NULL), *subpath = read_string(in, NULL);
  bool copy = read_bool(in);
  uint32_t uid = read_u32(in), gid = read_u32(in), mode = read_u32(in);
  AUTO_CLOSE int to = open_volume(stage, path, subpath);
  /* A start will tell that there is no such directory; a file has no content of the image. */
  if (to < 0 && *subpath && (errno == ENOENT || errno == ENOTDIR))
    return 0;
  int empty = to < 0 ? -1 : is_empty_directory(to);
  if (empty <= 0)
    return empty;
  if (copy && copy_image(stage, target, to) != 0)
    return -1;
  return set_owner(to, uid, gid, mode);
}
