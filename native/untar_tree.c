#define _GNU_SOURCE
#include "json_name.h"
#include "untar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define GONE UINT64_MAX

struct directory {
  struct directory *next;
  struct timespec mtime;
  char path[];
};

static struct directory *explicit_directories; /* newest first, so children come before their parents */
static struct directory *implied_directories;
static struct directory *older_directories; /* of the layers below, where they were when this one came */
static struct set new_paths;                /* hashes: directories that take nothing from the layer below */
static struct set older_paths;              /* hashes of older_directories */
static struct set opaque_paths;             /* hashes */
static struct set made;                     /* inode numbers */

/* The last parent directory: members of one directory mostly follow each other. */
static char cached_path[NAME_LIMIT + 1];
static int cached_fd = -1;

/* ---- sets of numbers: open addressing, 0 = free, GONE = removed ---- */

static size_t slot_of(const struct set *set, uint64_t key) {
  size_t at = (key * 0x9e3779b97f4a7c15ull >> 20) & (set->capacity - 1);
  while (set->slots[at] != 0 && set->slots[at] != key)
    at = (at + 1) & (set->capacity - 1);
  return at;
}

static void set_grow(struct set *set) {
  struct set larger = {.capacity = set->capacity == 0 ? 1024 : set->capacity * 2, .used = 0};
  larger.slots = calloc(larger.capacity, sizeof *larger.slots);
  if (larger.slots == NULL)
    fail("out of memory");
  for (size_t i = 0; i < set->capacity; i++) {
    uint64_t key = set->slots[i];
    if (key != 0 && key != GONE) {
      larger.slots[slot_of(&larger, key)] = key;
      larger.used++;
    }
  }
  free(set->slots);
  *set = larger;
}

void set_add(struct set *set, uint64_t key) {
  if (set->used * 2 >= set->capacity)
    set_grow(set);
  size_t at = slot_of(set, key);
  if (set->slots[at] == 0) {
    set->slots[at] = key;
    set->used++;
  }
}

void set_remove(struct set *set, uint64_t key) {
  if (set_has(set, key))
    set->slots[slot_of(set, key)] = GONE;
}

bool set_has(const struct set *set, uint64_t key) {
  return set->capacity > 0 && set->slots[slot_of(set, key)] == key;
}

/* FNV-1a; never 0 or GONE. */
uint64_t hash_path(const char *path) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (; *path != '\0'; path++)
    hash = (hash ^ (uint8_t)*path) * 0x100000001b3ull;
  return hash == 0 || hash == GONE ? 1 : hash;
}

/* ---- directories ---- */

static struct directory *directory_new(const char *path, struct directory *next) {
  size_t length = strlen(path) + 1;
  struct directory *directory = malloc(sizeof *directory + length);
  if (directory == NULL)
    fail("out of memory");
  directory->next = next;
  memcpy(directory->path, path, length);
  return directory;
}

void tree_explicit_directory(const char *path, const struct timespec *mtime) {
  explicit_directories = directory_new(path, explicit_directories);
  explicit_directories->mtime = *mtime;
  set_add(&new_paths, hash_path(path));
}

/* Entries in a directory of a layer below change its time, which nobody described anew. */
static void keep_older_times(const char *path) {
  struct stat st;
  if (options.whiteouts != WHITEOUTS_APPLY || set_has(&older_paths, hash_path(path)))
    return;
  if (fstatat(AT_FDCWD, *path == '\0' ? "." : path, &st, 0) != 0)
    return; /* a link to nowhere: whoever goes through it says so */
  set_add(&older_paths, hash_path(path));
  if (set_has(&made, st.st_ino))
    return;
  older_directories = directory_new(path, older_directories);
  older_directories->mtime = st.st_mtim;
}

bool tree_is_whiteout(const struct stat *st) {
  return options.whiteouts == WHITEOUTS_OVERLAY && S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

void tree_set_opaque(const char *path) {
  if (lsetxattr(*path == '\0' ? "." : path, "trusted.overlay.opaque", "y", 1, 0) != 0)
    fail_errno("make /%s opaque", path);
  set_add(&opaque_paths, hash_path(path));
}

void tree_replace(const char *path) {
  tree_set_opaque(path);
  set_add(&new_paths, hash_path(path));
}

/* Resolves symbolic links, all of them inside the root. */
static int open_directory(const char *path) {
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, AT_FDCWD, *path == '\0' ? "." : path, &how, sizeof how);
}

/* Makes one missing directory of a path; the archive did not describe it (yet). */
static void make_implied(const char *path) {
  struct stat st;
  if (mkdirat(AT_FDCWD, path, 0755) != 0) {
    if (errno != EEXIST)
      fail_errno("mkdir /%s", path);
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0 || !tree_is_whiteout(&st))
      return;
    if (unlinkat(AT_FDCWD, path, 0) != 0 || mkdirat(AT_FDCWD, path, 0755) != 0)
      fail_errno("mkdir /%s", path);
    tree_replace(path);
  }
  if (options.whiteouts == WHITEOUTS_APPLY && fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
    set_add(&made, st.st_ino);
  implied_directories = directory_new(path, implied_directories);
}

static int open_or_make(const char *path) {
  int fd = open_directory(path);
  if (fd >= 0 || (errno != ENOENT && errno != ENOTDIR))
    return fd;
  char part[NAME_LIMIT + 1];
  size_t length = strlen(path);
  memcpy(part, path, length + 1);
  keep_older_times("");
  for (size_t at = 1; at <= length; at++) {
    if (path[at] != '/' && path[at] != '\0')
      continue;
    part[at] = '\0';
    make_implied(part);
    keep_older_times(part);
    part[at] = path[at];
  }
  return open_directory(path);
}

static void forget_parent(void) {
  if (cached_fd >= 0)
    close(cached_fd);
  cached_fd = -1;
}

int tree_parent(const char *path, const char **base) {
  const char *slash = strrchr(path, '/');
  *base = slash == NULL ? path : slash + 1;
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);
  if (cached_fd >= 0 && strlen(cached_path) == length && memcmp(cached_path, path, length) == 0)
    return cached_fd;
  forget_parent();
  memcpy(cached_path, path, length);
  cached_path[length] = '\0';
  cached_fd = open_or_make(cached_path);
  if (cached_fd < 0)
    fail_errno("/%s", cached_path);
  keep_older_times(cached_path);
  return cached_fd;
}

/* ---- removal ---- */

/* For messages. Of what is deeper inside of what goes only the name is known. */
static const char *full_path(int parent, const char *base) {
  static char path[2 * NAME_LIMIT];
  const char *above = parent == cached_fd ? cached_path : "";
  snprintf(path, sizeof path, "%s%s%s%s", parent == cached_fd ? "/" : "", above, *above ? "/" : "", base);
  return path;
}

static bool is_dot(const char *name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Only names the archive has not made go, when `older` is set. */
static bool remove_entry(int parent, const char *base, bool older);

static bool remove_children(int parent, const char *base, bool older) {
  int fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL)
    fail_errno("open %s", base);
  bool empty = true;
  const struct dirent *child;
  for (errno = 0; (child = readdir(directory)) != NULL; errno = 0)
    if (!is_dot(child->d_name) && !remove_entry(fd, child->d_name, older))
      empty = false;
  if (errno != 0)
    fail_errno("read %s", base);
  closedir(directory);
  return empty;
}

static bool remove_entry(int parent, const char *base, bool older) {
  struct stat st;
  if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT)
      fail_errno("stat %s", base);
    return true;
  }
  bool keep = older && set_has(&made, st.st_ino);
  if (S_ISDIR(st.st_mode) && !remove_children(parent, base, older))
    return false;
  if (keep)
    return false;
  if (unlinkat(parent, base, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0)
    fail_errno("unlinkat %s", full_path(parent, base));
  if (options.whiteouts == WHITEOUTS_APPLY && st.st_nlink <= 1)
    set_remove(&made, st.st_ino);
  return true;
}

bool tree_remove_older(int parent, const char *base) {
  return remove_entry(parent, base, true);
}

void tree_empty_older(int directory) {
  remove_children(directory, ".", true);
}

void tree_remove(int parent, const char *base) {
  /* The cached parent may be inside of what goes; the caller's fd stays open until the next tree_parent. */
  remove_entry(parent, base, false);
  cached_path[0] = '/';
  cached_path[1] = '\0';
}

bool tree_clear(int parent, const char *base, bool want_directory, bool *whiteout) {
  struct stat st;
  *whiteout = false;
  if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT)
      return false;
    fail_errno("stat %s", base);
  }
  if (want_directory && S_ISDIR(st.st_mode))
    return true;
  if (options.keep_kind && S_ISDIR(st.st_mode))
    fail("cannot overwrite directory \"%s\" with non-directory \"/%s\"", full_path(parent, base),
         options.into);
  if (options.keep_kind && want_directory)
    fail("cannot overwrite non-directory \"%s\" with directory \"/%s\"", full_path(parent, base),
         options.into);
  *whiteout = tree_is_whiteout(&st);
  tree_remove(parent, base);
  return false;
}

void tree_made(int parent, const char *base) {
  struct stat st;
  if (options.whiteouts != WHITEOUTS_APPLY)
    return;
  if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) != 0)
    fail_errno("stat %s", base);
  set_add(&made, st.st_ino);
}

/* ---- the end ---- */

static void set_times(const struct directory *directories) {
  for (const struct directory *at = directories; at != NULL; at = at->next) {
    struct timespec times[2] = {at->mtime, at->mtime};
    struct stat st;
    const char *path = *at->path == '\0' ? "." : at->path;
    /* It may have been replaced by something else since. */
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
      continue;
    if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) != 0)
      fail_errno("set the times of /%s", path);
  }
}

void tree_finish(void) {
  set_times(older_directories);
  set_times(explicit_directories);
}

static bool is_below_opaque(const char *path) {
  char above[NAME_LIMIT + 1];
  strcpy(above, path);
  for (char *slash; opaque_paths.used > 0 && (slash = strrchr(above, '/')) != NULL;) {
    *slash = '\0';
    if (set_has(&opaque_paths, hash_path(above)))
      return true;
  }
  return set_has(&opaque_paths, hash_path(""));
}

static void print_path(const char *path) {
  putchar('"');
  print_json_name(path);
  putchar('"');
}

void tree_print_implied(void) {
  const char *separator = ",";
  printf("[\"\"");
  for (const struct directory *at = implied_directories; at != NULL; at = at->next) {
    if (set_has(&new_paths, hash_path(at->path)) || is_below_opaque(at->path))
      continue;
    fputs(separator, stdout);
    print_path(at->path);
    separator = ",";
  }
  putchar(']');
}
