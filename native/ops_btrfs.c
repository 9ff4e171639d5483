/* Subvolumes of btrfs: the ioctls of <linux/btrfs.h>, without the btrfs program. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "files.h"
#include "ops.h"

/* Opens the directory that `path` (absolute) is in, and gives its name in there. */
static int open_parent(const char *path, struct btrfs_ioctl_vol_args_v2 *args) {
  const char *name = strrchr(path, '/');
  if (!name || !name[1] || strlen(name + 1) > BTRFS_SUBVOL_NAME_MAX) {
    errno = EINVAL;
    return -1;
  }
  AUTO_FREE char *directory = strndup(path, name == path ? 1 : (size_t)(name - path));
  if (!directory)
    return -1;
  strcpy(args->name, name + 1);
  return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int op_subvolume_create(struct stage *stage, struct reader *in) {
  (void)stage;
  struct btrfs_ioctl_vol_args_v2 args = {0};
  AUTO_CLOSE int parent = open_parent(read_string(in, NULL), &args);
  return parent < 0 ? -1 : ioctl(parent, BTRFS_IOC_SUBVOL_CREATE_V2, &args);
}

int op_subvolume_snapshot(struct stage *stage, struct reader *in) {
  const char *source = read_string(in, NULL), *path = read_string(in, NULL);
  struct btrfs_ioctl_vol_args_v2 args = {0};
  AUTO_CLOSE int from = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (from < 0)
    return -1;
  args.fd = from;
  AUTO_CLOSE int parent = open_parent(path, &args);
  return parent < 0 || ioctl(parent, BTRFS_IOC_SNAP_CREATE_V2, &args) != 0 ? blame(stage, "%s", path) : 0;
}

/* -- deletion */

struct subvolumes {
  uint64_t *ids;
  size_t count, capacity;
};

static void free_subvolumes(struct subvolumes *list) {
  free(list->ids);
}

static int add(struct subvolumes *list, uint64_t id) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    uint64_t *grown = realloc(list->ids, capacity * sizeof *grown);
    if (!grown)
      return -1;
    list->ids = grown;
    list->capacity = capacity;
  }
  list->ids[list->count++] = id;
  return 0;
}

/* A directory of a subvolume would give the id of the subvolume that it is in. */
static int id_of(int fd, uint64_t *id) {
  struct stat status;
  struct statfs fs;
  struct btrfs_ioctl_ino_lookup_args args = {.objectid = BTRFS_FIRST_FREE_OBJECTID};
  if (fstat(fd, &status) != 0 || fstatfs(fd, &fs) != 0)
    return -1;
  if (fs.f_type != BTRFS_SUPER_MAGIC || status.st_ino != BTRFS_FIRST_FREE_OBJECTID) {
    errno = EINVAL;
    return -1;
  }
  if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &args) != 0)
    return -1;
  *id = args.treeid;
  return 0;
}

/* Adds the ids at the front of `args->buf`, and moves the key behind the last one. */
static int take_found(struct btrfs_ioctl_search_args *args, struct subvolumes *list) {
  const char *at = args->buf;
  for (uint32_t i = 0; i < args->key.nr_items; i++) {
    struct btrfs_ioctl_search_header header;
    memcpy(&header, at, sizeof header);
    if (add(list, header.offset) != 0)
      return -1;
    args->key.min_offset = header.offset + 1;
    at += sizeof header + header.len;
  }
  return 0;
}

/* The subvolumes directly inside `id`: its ROOT_REF items (objectid the parent, offset the child) in the tree
 * of roots. */
static int add_children(int fd, uint64_t id, struct subvolumes *list) {
  struct btrfs_ioctl_search_args args = {.key = {.tree_id = BTRFS_ROOT_TREE_OBJECTID,
                                                 .min_objectid = id,
                                                 .max_objectid = id,
                                                 .min_type = BTRFS_ROOT_REF_KEY,
                                                 .max_type = BTRFS_ROOT_REF_KEY,
                                                 .max_offset = UINT64_MAX,
                                                 .max_transid = UINT64_MAX}};
  do {
    args.key.nr_items = 4096;
    if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &args) != 0 || take_found(&args, list) != 0)
      return -1;
  } while (args.key.nr_items > 0);
  return 0;
}

/* Containers may make subvolumes in their own, as deep as they like; each must be empty of others before it
 * goes. By id, so that no path of a container's making is followed. */
int op_subvolume_delete(struct stage *stage, struct reader *in) {
  const char *path = read_string(in, NULL);
  __attribute__((cleanup(free_subvolumes))) struct subvolumes list = {0};
  AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  uint64_t top;
  if (fd < 0)
    return -1;
  if (id_of(fd, &top) != 0)
    return blame(stage, "%s is not a subvolume", path);
  AUTO_CLOSE int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0 || add(&list, top) != 0)
    return -1;
  for (size_t i = 0; i < list.count; i++)
    if (add_children(parent, list.ids[i], &list) != 0)
      return blame(stage, "subvolumes in %s", path);
  close_fd(&fd);
  for (size_t i = list.count; i > 0; i--) {
    struct btrfs_ioctl_vol_args_v2 args = {.flags = BTRFS_SUBVOL_SPEC_BY_ID, .subvolid = list.ids[i - 1]};
    if (ioctl(parent, BTRFS_IOC_SNAP_DESTROY_V2, &args) != 0)
      return -1;
  }
  return 0;
}
