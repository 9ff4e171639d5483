/* `gantry-init place`: puts chosen entries of one tree into another, by a list, as COPY and ADD of a
 * Dockerfile do.
 *
 * Both trees belong to somebody else and may change meanwhile. As in copy.c the process has pivoted into the
 * target and has the source as a read-only mount that is attached nowhere, so no link or rename leads out of
 * either. Every path is resolved by the kernel with its tree as the root; the links on the way are followed.
 *
 * Input: records of three texts with a NUL behind each, performed in order:
 *
 *   ACTION [OPTION]...
 *   source
 *   destination: absolute, in the target
 *
 *   copy       that one entry of the source tree. A directory comes without what is in it, and stays what it
 * is when it is there already; a file, link or device takes the place of any other. directory  a directory
 * that has no source: 0755 and the owner of the parents unless the options say otherwise link       a further
 * name of `source`, which is a path of the target remove     the destination with everything in it; nothing
 * there is fine
 *
 *   uid=N gid=N mode=OCTAL mtime=SECONDS  in place of what the source has; a symbolic link has no mode
 *   existing       a directory that is there already takes owner, mode, time and attributes too
 *   follow-source  the last component of `source` is followed, when it is a link
 *   follow         the same of the destination: what the link leads to is replaced, or made
 *
 * Missing parents of a destination are made with mode 0755. Directories get their times at the end, when
 * nothing more is made in them. A file that could not be completed is removed.
 *
 *   place.c         options, confinement, the answer
 *   place_record.c  the list
 *   place_copy.c    from the source
 *   place_make.c    what needs no source: directories, links, removal
 *   place_target.c  what the target has in the way, owners, times
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "fail.h"
#include "paths.h"

enum action { ACTION_COPY, ACTION_DIRECTORY, ACTION_LINK, ACTION_REMOVE };

struct record {
  enum action action;
  bool has_uid, has_gid, has_mode, has_mtime;
  uid_t uid;
  gid_t gid;
  mode_t mode;
  time_t mtime;
  bool existing, follow_source, follow;
  char *source, *destination;
};

/* What missing parents are made with. */
struct parents {
  uid_t uid;
  gid_t gid;
  bool has_mtime;
  time_t mtime;
};
extern struct parents place_parents;

/* The two trees. */
extern struct stage place_source, place_target;

/* place_record.c: the next of stdin, valid until the next call; false at the end. */
bool record_next(struct record *record);

/* place_copy.c */
void place_copy(const struct record *record);

/* place_make.c */
void place_directory(const struct record *record);
void place_link(const struct record *record);
void place_remove(const struct record *record);

/* place_target.c: all of them fail (fail.h). */
/* Where the destination is; its parents are made. */
void target_open(const struct record *record, struct leaf *leaf);
/* Removes the file or link that stands there. A directory stays, which is an error. */
void target_clear(const struct record *record, const struct leaf *leaf);
/* True when it was made, false when there is one. Either way *fd is it. */
bool target_directory(const struct record *record, const struct leaf *leaf, int *fd);
/* What the record says in place of what `status` does. */
void target_override(const struct record *record, struct stat *status);
/* Sets the times of an open directory, or remembers to, for `target_finish`. */
void target_time_later(int directory, const char *path, const struct timespec *mtime);
void target_finish(void);
