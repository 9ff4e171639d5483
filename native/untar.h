/* `gantry-init untar`: unpacks one plain tar stream from stdin into a directory, shut into it.
 *
 * The archive is hostile until proven otherwise: every size is bounded, every number and checksum is
 * verified, and the process has already pivoted into the directory, so no name in the archive can reach
 * anything else. One process unpacks one layer and exits, so errors end it (`fail`) and nothing is freed on
 * the way out.
 *
 *   untar.c           options, confinement (confine.h), the loop, the digest
 *   untar_source.c    the bytes: as they are or gzip
 *   untar_read.c      the byte stream
 *   untar_header.c    headers: ustar, GNU long names, base-256 numbers
 *   untar_pax.c       pax records and extended attributes
 *   untar_sparse.c    the three GNU sparse formats
 *   untar_tree.c      parents, removal, what has been seen
 *   untar_make.c      files, directories, links, devices
 *   untar_whiteout.c  OCI whiteouts
 *   untar_space.c     what stays free
 *   untar_into.c      a directory of a container instead of a layer
 *
 * Into a container (`--into PATH`) the names are beneath that directory of the root, and the first line of
 * the answer says {"ready":true} before the archive is read, or {"refused":"…"}. A file that could not be
 * completed is removed.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "fail.h"

#define BLOCK 512
/* Of a pax header or a GNU long name, as Go's archive/tar has it. */
#define SPECIAL_MAX (1u << 20)
#define NAME_LIMIT 4095
#define XATTRS_MAX 256
#define EXTENTS_MAX (1u << 20)

#define INVALID_HEADER "archive/tar: invalid tar header"

enum whiteouts { WHITEOUTS_NONE, WHITEOUTS_OVERLAY, WHITEOUTS_APPLY };

struct options {
  bool gunzip;
  enum whiteouts whiteouts;
  uint64_t max_bytes;
  uint64_t max_entries;
  uint64_t keep_free; /* bytes that others on this file system may still need */
  const char *into;   /* without the leading slash; NULL: the tree is a layer */
  const char
      *owner;     /* of everything that is made, as USER[:GROUP] of the container; NULL: the archive says */
  bool keep_kind; /* nothing but a directory replaces a directory, and a directory nothing else */
};

struct xattr {
  const char *name;
  const void *value;
  size_t size;
};

struct extent {
  uint64_t offset;
  uint64_t length;
};

/* One archive member with the pax and GNU extensions applied. Strings live until the next header_next. */
struct entry {
  char type; /* '0' file, '1' hard link, '2' symlink, '3' char, '4' block, '5' directory, '6' fifo */
  char name[NAME_LIMIT + 1]; /* cleaned, relative; "" is the root */
  char link[NAME_LIMIT + 1]; /* as written for symlinks, cleaned for hard links */
  mode_t mode;
  uid_t uid;
  gid_t gid;
  dev_t device;
  struct timespec mtime;
  uint64_t stored; /* bytes of data in the archive */
  uint64_t size;   /* of the file: differs from `stored` when sparse */
  bool sparse;
  const struct extent *extents;
  size_t extent_count;
  struct xattr xattrs[XATTRS_MAX];
  size_t xattr_count;
};

/* untar.c */
extern struct options options;

/* untar_into.c */
/* False when it was refused. */
bool into_open(void);
/* What the archive says about an entry, as it is in the container. */
void into_place(struct entry *entry);

/* untar_source.c: the plain archive from stdin, which may be gzip (options.gunzip). */
void source_open(void);
/* At least one byte, 0 at the end. */
size_t source_read(uint8_t *to, size_t room);

/* untar_read.c: every function that promises bytes fails with "unexpected EOF" when there are none. */
void reader_open(void);
/* The next 512 bytes, valid until the next call; NULL at a clean end of the stream. */
const uint8_t *reader_block(void);
/* Between 1 and `most` bytes, valid until the next call. */
size_t reader_some(const uint8_t **data, uint64_t most);
void reader_exact(void *to, size_t size);
void reader_skip(uint64_t size);
void reader_padding(uint64_t size);
void reader_drain(void);
/* Is given every byte as it is used up, in the archive's order; NULL = nobody. */
extern void (*reader_tap)(const uint8_t *data, size_t size);

/* untar_header.c */
bool header_next(struct entry *entry);
uint64_t header_number(const uint8_t *field, size_t size);
int64_t header_signed_number(const uint8_t *field, size_t size);
/* Lexically cleaned and relative to the root; fails for a relative name that climbs out. */
void header_clean_name(char *to, const char *name, const char *what);

/* untar_pax.c */
struct pax {
  char *path, *linkpath;
  bool has_size, has_uid, has_gid, has_mtime;
  uint64_t size, uid, gid;
  struct timespec mtime;
  struct xattr xattrs[XATTRS_MAX];
  size_t xattr_count;
  /* GNU.sparse.* */
  bool sparse;
  unsigned sparse_major, sparse_minor;
  char *sparse_name;
  bool has_sparse_size;
  uint64_t sparse_size;
};
/* Parses the records in place: `text` is changed, and strings in `pax` point into it. text[size] must be NUL.
 */
void pax_parse(struct pax *pax, char *text, size_t size);
uint64_t pax_decimal(const char *text, char terminator, const char **end);

/* untar_sparse.c */
void sparse_reset(void);
void sparse_add(uint64_t offset, uint64_t length);
void sparse_add_offset(uint64_t offset);
void sparse_add_length(uint64_t length);
void sparse_parse_map(const char *text);
/* Old GNU format: the map is in the header and in the blocks behind it. */
void sparse_read_old(const uint8_t *header);
/* pax 1.0: the map stands before the data; returns how many archive bytes it took. */
uint64_t sparse_read_data_map(uint64_t stored);
/* Moves the collected map into the entry after checking it against both sizes. */
void sparse_finish(struct entry *entry);

/* untar_tree.c */
struct set {
  uint64_t *slots;
  size_t capacity, used;
};
void set_add(struct set *set, uint64_t key);
void set_remove(struct set *set, uint64_t key);
bool set_has(const struct set *set, uint64_t key);
uint64_t hash_path(const char *path);

/* Splits "a/b/c" into the open directory "a/b" (made if it is not there) and "c". The fd belongs to the tree.
 */
int tree_parent(const char *path, const char **base);
/* Makes room for a new `base`: afterwards there is nothing, or (returns true) a directory where one is
 * wanted. `whiteout` tells whether a whiteout of this same layer stood there. */
bool tree_clear(int parent, const char *base, bool want_directory, bool *whiteout);
/* Removes `base` and everything below it that this archive did not put there. True when nothing is left of
 * it. */
bool tree_remove_older(int parent, const char *base);
/* The same for what is in `directory`, which stays. */
void tree_empty_older(int directory);
void tree_remove(int parent, const char *base);
/* Remembers what this archive made (only needed when whiteouts are applied). */
void tree_made(int parent, const char *base);
void tree_explicit_directory(const char *path, const struct timespec *mtime);
void tree_set_opaque(const char *path);
/* The same for a directory that a whiteout of this layer has cut off from the one below: it takes nothing of
 * it. */
void tree_replace(const char *path);
/* Sets the times of directories, innermost first. */
void tree_finish(void);
/* Writes ["", "usr", …]: directories that the archive needed but did not describe, and that may be in a layer
 * below as well; "" is the root. */
void tree_print_implied(void);
bool tree_is_whiteout(const struct stat *st);

/* untar_make.c: returns the bytes of file data written. */
uint64_t make_entry(const struct entry *entry);

/* untar_space.c: both end the process with "no space left on device" before less than `keep_free` is left. */
void space_for(const struct entry *entry);
void space_taken(uint64_t bytes);

/* untar_whiteout.c: true when the entry was a whiteout and has been dealt with. */
bool whiteout_entry(const struct entry *entry);

int untar_main(int argc, char **argv);
