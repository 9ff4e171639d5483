#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "files.h"
#include "owner.h"
#include "paths.h"
#include "untar.h"

static struct stage stage = {.root = -1};
static uint32_t uid, gid;

static bool refuse(const char *why) {
  printf("{\"refused\":\"%s\"}\n", why);
  return false;
}

static uint64_t mount_of(int fd) {
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0)
    fail_errno("statx /%s", options.into);
  return status.stx_mnt_id;
}

static bool check_writable(int directory) {
  struct statfs fs;
  if (fstatfs(directory, &fs) != 0)
    fail_errno("statfs /%s", options.into);
  if ((fs.f_flags & ST_RDONLY) == 0)
    return true;
  return refuse(mount_of(directory) == mount_of(stage.root) ? "read-only root" : "read-only mount");
}

bool into_open(void) {
  AUTO_CLOSE int directory = root_open(&stage, options.into, O_PATH | O_DIRECTORY, 0);
  if (directory < 0 && errno == ENOENT)
    return refuse("missing");
  if (directory < 0 && errno == ENOTDIR)
    return refuse("not a directory");
  if (directory < 0)
    fail_errno("lstat /%s", options.into);
  if (!check_writable(directory))
    return false;
  if (options.owner != NULL)
    find_owner(&stage, options.owner, &uid, &gid);
  printf("{\"ready\":true}\n");
  if (fflush(stdout) != 0)
    fail_errno("write the answer");
  return true;
}

static void beneath(char *name) {
  size_t length = strlen(name), above = strlen(options.into);
  if (above == 0)
    return;
  if (above + 1 + length > NAME_LIMIT)
    fail("name too long: %.64s…", name);
  memmove(name + above + 1, name, length + 1);
  memcpy(name, options.into, above);
  name[above] = '/';
}

void into_place(struct entry *entry) {
  if (options.into == NULL)
    return;
  if (options.owner != NULL) {
    entry->uid = uid;
    entry->gid = gid;
  }
  /* The directory itself stays what it is. */
  if (*entry->name != '\0')
    beneath(entry->name);
  if (entry->type == '1')
    beneath(entry->link);
}
