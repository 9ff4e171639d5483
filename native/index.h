/* `gantry-init index`: what is in a tree, or in chosen places of it, with the digests of the files' contents.
 *
 * The tree is somebody else's and may change meanwhile: the process is shut into it, parents are resolved by
 * the kernel with the tree as their root, and directories are walked by descriptors, without following a
 * link, in the order of their names' bytes. What is mounted in the tree is not in it, and sockets are left
 * out. What vanishes while we look is left out too.
 *
 * Input: absolute paths, each with a NUL behind; "/" is the whole tree. Output, in the order of the paths:
 * one record for each entry, a directory before what is in it, three texts with a NUL behind each:
 *
 *   TYPE MODE UID GID SIZE MTIME CTIME DEVICE INODE LINKS MAJOR:MINOR XATTRS DIGEST
 *   the path: the one that was asked for, and names from there on
 *   where a symbolic link leads, "" for everything else
 *
 * TYPE is one of f d l c b p, or "-" alone for a path where nothing is. MODE is octal, without the type;
 * times are SECONDS.NANOSECONDS. XATTRS is a SHA-256 of the extended attributes that a layer can hold
 * (tar_xattr.c: of their names in order, each with a NUL, the value's length as 8 bytes, little endian, and
 * the value), DIGEST one of the content; "-" when there are none, or none was asked for.
 *
 *   index.c         options, confinement, the paths
 *   index_walk.c    which entries there are
 *   index_record.c  one entry
 */
#pragma once
#include <stdbool.h>
#include <sys/stat.h>

#include "tar.h"

struct index_options {
  bool digest; /* of files' contents */
  bool follow; /* links in place of a given path's last component */
  /* How many levels of directories are listed, those of the given paths being the first. */
  unsigned depth;
};
extern struct index_options index_options;

/* index_walk.c: `name` in the directory, which is at `tar_path`, and what is in it. False when it is not
 * there. */
bool index_entry(int directory, const char *name, unsigned depth);

/* index_record.c: all about what is at `tar_path`. */
void record_missing(void);
/* Of a file or directory that is open. */
void record_open(int fd, const struct stat *status);
void record_node(const struct stat *status, const char *link);
