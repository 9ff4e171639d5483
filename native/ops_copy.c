/* What the image has at a volume's place goes into the fresh volume. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "copy_tree.h"
#include "directory.h"
#include "files.h"
#include "ops.h"
#include "paths.h"

int op_copy_up(struct stage *stage, struct reader *in) {
  const char *target = read_string(in, NULL), *path = read_string(in, NULL), *name;
  AUTO_CLOSE int from = root_open(stage, target, O_PATH, 0);
  if (from < 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  AUTO_CLOSE int to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int empty = to < 0 ? -1 : is_empty_directory(to);
  struct stat status;
  if (empty < 0 || fstat(from, &status) != 0)
    return blame(stage, "%s", path);
  if (!empty)
    return 0;
  if (S_ISDIR(status.st_mode))
    return copy_tree_contents(from, to);
  AUTO_CLOSE int parent = root_parent(stage, target, &name);
  return parent < 0 ? -1 : copy_tree_entry(parent, name, to);
}
