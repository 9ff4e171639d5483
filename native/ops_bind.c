/* Bind mounts. What is bound is opened once, by descriptor, changed while it is detached and nobody sees it,
 * and only then attached. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "directory.h"
#include "files.h"
#include "id_map.h"
#include "kernel.h"
#include "mount_point.h"
#include "ops.h"
#include "paths.h"

struct bind {
  const char *source, *target;
  bool recursive; /* with what is mounted beneath the source */
  uint64_t set, clear;
  bool everywhere; /* `set` and `clear` are for what is mounted beneath as well */
  uint64_t propagation;
  const char *subpath, *uids, *gids, *owner; /* "": none */
};

static struct bind read_bind(struct reader *in) {
  struct bind bind = {.source = read_string(in, NULL), .target = read_string(in, NULL)};
  bind.recursive = !read_bool(in);
  bind.set = read_u64(in);
  bind.clear = read_u64(in);
  bind.everywhere = read_bool(in);
  bind.propagation = read_u64(in);
  bind.subpath = read_string(in, NULL);
  bind.uids = read_string(in, NULL);
  bind.gids = read_string(in, NULL);
  bind.owner = read_string(in, NULL);
  return bind;
}

int op_hold_source(struct stage *stage, struct reader *in) {
  struct held held = {.source = read_string(in, NULL), .recursive = !read_bool(in)};
  struct held *grown = realloc(stage->held, (stage->held_count + 1) * sizeof *grown);
  if (!grown)
    return -1;
  stage->held = grown;
  held.tree = sys_open_tree(AT_FDCWD, held.source, OPEN_TREE_CLONE | (held.recursive ? AT_RECURSIVE : 0));
  if (held.tree < 0)
    return -1;
  grown[stage->held_count++] = held;
  return 0;
}

/* -1 when the source is not held. */
static int take_held(struct stage *stage, const struct bind *bind) {
  for (struct held *held = stage->held; held < stage->held + stage->held_count; held++)
    if (held->tree >= 0 && held->recursive == bind->recursive && strcmp(held->source, bind->source) == 0)
      return keep_fd(&held->tree);
  return -1;
}

void release_held(struct stage *stage) {
  for (size_t i = 0; i < stage->held_count; i++)
    close_fd(&stage->held[i].tree);
  free(stage->held);
}

/* A detached copy of the mount of the source. */
static int open_source(struct stage *stage, const struct bind *bind) {
  unsigned flags = OPEN_TREE_CLONE | (bind->recursive ? AT_RECURSIVE : 0);
  if (!*bind->subpath) {
    int held = bind->propagation & MS_SHARED ? take_held(stage, bind) : -1;
    return held >= 0 ? held : sys_open_tree(AT_FDCWD, bind->source, flags);
  }
  AUTO_CLOSE int at = open_beneath(bind->source, bind->subpath, O_PATH);
  return at < 0 ? blame(stage, "subpath") : sys_open_tree(at, "", flags | AT_EMPTY_PATH);
}

static int set_id_map(struct stage *stage, int tree, const struct bind *bind) {
  if (*bind->owner)
    return id_map_owner(stage, tree, bind->recursive, bind->owner);
  if (!*bind->uids)
    return 0;
  return id_map_mount(stage, tree, bind->recursive, bind->uids, bind->gids);
}

/* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, for all submounts too with MS_REC. */
static int set_propagation(int fd, uint64_t propagation) {
  if (!propagation)
    return 0;
  struct mount_attr attributes = {.propagation = propagation & ~(uint64_t)MS_REC};
  return sys_mount_setattr(fd, AT_EMPTY_PATH | (propagation & MS_REC ? AT_RECURSIVE : 0), &attributes);
}

int op_bind(struct stage *stage, struct reader *in) {
  struct bind bind = read_bind(in);
  AUTO_CLOSE int tree = open_source(stage, &bind);
  struct stat status;
  if (tree < 0 || fstat(tree, &status) != 0)
    return -1;
  blame(stage, "%s", bind.target);
  bool directory = S_ISDIR(status.st_mode);
  AUTO_CLOSE int at =
      directory ? root_make_directory(stage, bind.target) : root_make_file(stage, bind.target);
  if (at < 0 || check_proc(stage, at, is_procfs(tree), bind.target) != 0)
    return -1;
  if (set_id_map(stage, tree, &bind) != 0)
    return -1;
  if (set_mount_attributes(tree, bind.set, bind.clear, bind.everywhere) != 0 ||
      set_propagation(tree, bind.propagation) != 0)
    return blame(stage, "options of %s", bind.target);
  return sys_move_mount(tree, at);
}
