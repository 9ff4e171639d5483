/* `gantry-init tar`: writes a tree, what is new about it, or one path of it to stdout as a plain tar.
 *
 * The tree is somebody else's and may change under our eyes, for a container may run on it: the process is
 * shut into it, walks by directory descriptors and never follows a symbolic link, and every member has
 * exactly the size that its header says. What vanishes while we look is left out. Members come in the order
 * of their names' bytes, a directory before what is in it, so the same tree always makes the same archive.
 *
 * The archive is ustar; pax headers only where ustar cannot say it: names that are long or not ASCII
 * (`hdrcharset=BINARY` when they are not UTF-8 either), numbers too large, times before 1970, extended
 * attributes (SCHILY.xattr.*). Times are whole seconds and holes of sparse files are zeros, as in Docker's
 * layers. Sockets are left out.
 *
 * One path (`--member PATH --as NAME`) is preceded by a line about it, see path_stat.h, and is called NAME in
 * the archive, as `docker cp` wants it. With `--status` that line is all. With `--list` there is no archive
 * but the names of what is new: "+name" is there, "-name" is gone, "=name" is a directory that hides the one
 * below, each with a NUL behind.
 *
 *   tar.c           options, confinement
 *   tar_pack.c      one path
 *   tar_list.c      names only
 *   tar_walk.c      which members there are
 *   tar_compare.c   two trees: what counts as the same
 *   tar_names.c     a directory's names in order
 *   tar_member.c    files, links, devices, directories, whiteouts
 *   tar_xattr.c     extended attributes
 *   tar_header.c    headers
 *   tar_write.c     the byte stream
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "fail.h"

#define TAR_BLOCK 512
/* Of one pax header, as readers bound it (Go's archive/tar, untar.h). */
#define PAX_MAX (1u << 20)
#define NAME_LIMIT 4095
#define PATHS_MAX 64
#define WHITEOUT_PREFIX ".wh."

/* OVERLAY: an overlayfs upper directory. COMPARE: a tree beside the one it began as. WHOLE: all of a tree. */
enum tar_source { SOURCE_WHOLE, SOURCE_OVERLAY, SOURCE_COMPARE };

/* A directory as the layers below have it. */
struct known_directory {
  const char *path;
  unsigned mode, uid, gid;
};

struct tar_options {
  enum tar_source source;
  /* Where the engine itself made something to mount on: left out while it is empty and nothing below has it.
   */
  const char *mount_points[PATHS_MAX];
  size_t mount_point_count;
  /* One path instead of the tree, what it is called in the archive, and whether only its status is wanted. */
  const char *member, *as;
  bool only_status;
  /* So many bytes of every path are replaced by `as`. */
  size_t rebased;
  bool list;
  /* Left out when they are still like this and hold nothing to tell. */
  struct known_directory known[PATHS_MAX];
  size_t known_count;
  /* Later times become this one, in seconds since the epoch (SOURCE_DATE_EPOCH). */
  int64_t newest;
};
extern struct tar_options tar_options;

/* The path of what is being looked at, relative to the root, "" for the root. */
extern char tar_path[NAME_LIMIT + 1];

/* tar_walk.c. lower: the other tree's root, or -1. */
void tar_walk(int root, int lower);
/* `tar_path` and everything in it. */
void tar_walk_member(int directory);

/* tar_names.c */
struct names {
  char *text;
  const char **sorted;
  size_t count;
};
/* Without "." and ".."; fails when the directory cannot be read. */
void names_read(int directory, struct names *names);
void names_free(struct names *names);

/* tar_compare.c */
/* Whether `name` in two directories, with these statuses, is to all appearances unchanged: type, mode, owner,
 * attributes, and except for directories size, time, device and link target. Contents are not read. */
bool compare_same(int directory, const struct stat *status, int lower, const struct stat *below,
                  const char *name);
/* Walks both trees and notes inodes whose names are linked differently in them. */
void compare_links(int root, int lower);
bool compare_relinked(const struct stat *status);

/* tar_list.c: one record, `how` is '+', '-' or '='. */
void list_name(char how);

/* tar_pack.c */
struct path_found;
/* False when there is nothing at the path; either way the line about it is written. */
bool pack_begin(const char *path, struct path_found *found);
void pack_member(const char *path, const struct path_found *found);

/* tar_xattr.c */
struct tar_xattr {
  const char *name;
  const void *value;
  size_t size;
};
/* Valid until the next xattrs_read. */
struct tar_xattrs {
  const struct tar_xattr *list;
  size_t count;
  bool opaque; /* the mark of an overlay: nothing below shows through */
};
struct tar_xattrs xattrs_read(int fd);
bool xattrs_equal(int fd, int other);
/* A mark of an overlay that keeps them where users do. */
bool xattr_is_overlays_own(const char *name);

/* tar_header.c */
struct member {
  char type; /* '0' file, '1' hard link, '2' symlink, '3' char, '4' block, '5' directory, '6' fifo */
  const char *name;
  const char *link; /* NULL: none */
  uint64_t size;
  const struct stat *status;
  struct tar_xattrs xattrs;
};
void header_write(const struct member *member);

/* tar_member.c: of `tar_path`. */
void member_directory(int fd, const struct stat *status);
/* Anything but a directory. */
void member_node(int directory, const char *name, const struct stat *status);
void member_whiteout(void);
void member_opaque(void);

/* tar_write.c: every function fails when stdout does. */
void writer_open(void);
void writer_bytes(const void *data, size_t size);
void writer_zeros(uint64_t size);
/* Exactly `size` bytes and the padding, whatever the file has become. */
void writer_file(int fd, uint64_t size);
/* Without the two empty blocks at the end of an archive. */
void writer_flush(void);
void writer_finish(void);

int tar_main(int argc, char **argv);
