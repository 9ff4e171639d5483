#include "filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "kernel.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static unsigned attributes_of(uint64_t flags) {
  static const struct {
    uint64_t flag;
    unsigned attribute;
  } map[] = {
      {MS_RDONLY, MOUNT_ATTR_RDONLY},         {MS_NOSUID, MOUNT_ATTR_NOSUID},
      {MS_NODEV, MOUNT_ATTR_NODEV},           {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
      {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
  };
  unsigned attributes = flags & MS_NOATIME       ? MOUNT_ATTR_NOATIME
                        : flags & MS_STRICTATIME ? MOUNT_ATTR_STRICTATIME
                                                 : MOUNT_ATTR_RELATIME;
  for (size_t i = 0; i < sizeof map / sizeof *map; i++)
    if (flags & map[i].flag)
      attributes |= map[i].attribute;
  return attributes;
}

/* The flags that belong to the file system itself. */
static int set_flags(int fs, uint64_t flags) {
  static const struct {
    uint64_t flag;
    const char *name;
  } map[] = {
      {MS_SYNCHRONOUS, "sync"}, {MS_DIRSYNC, "dirsync"}, {MS_LAZYTIME, "lazytime"}, {MS_MANDLOCK, "mand"}};
  for (size_t i = 0; i < sizeof map / sizeof *map; i++)
    if (flags & map[i].flag && sys_fsconfig(fs, FSCONFIG_SET_FLAG, map[i].name, NULL) != 0)
      return -1;
  return 0;
}

static int set_option(int fs, char *option) {
  char *value = strchr(option, '=');
  if (!value)
    return sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL);
  *value = 0;
  return sys_fsconfig(fs, FSCONFIG_SET_STRING, option, value + 1);
}

static int set_options(int fs, const char *data) {
  AUTO_FREE char *options = strdup(data);
  if (!options)
    return -1;
  char *state = NULL;
  for (char *option = strtok_r(options, ",", &state); option; option = strtok_r(NULL, ",", &state))
    if (set_option(fs, option) != 0)
      return -1;
  return 0;
}

/* The kernel logs its reasons on the descriptor: "e tmpfs: Bad value for 'size'". */
static int complaint(struct stage *stage, int fs, const char *type) {
  int saved = errno;
  char text[200];
  ssize_t size = read(fs, text, sizeof text - 1);
  errno = saved;
  if (size <= 2)
    return blame(stage, "%s", type);
  text[size] = 0;
  text[strcspn(text, "\n")] = 0;
  return blame(stage, "%s", text + 2);
}

int filesystem_new(struct stage *stage, const char *type, const char *source, uint64_t flags,
                   const char *data) {
  AUTO_CLOSE int fs = sys_fsopen(type);
  if (fs < 0)
    return blame(stage, "%s", type);
  if ((*source && sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", source) != 0) ||
      set_flags(fs, flags) != 0 || set_options(fs, data) != 0 ||
      sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) != 0)
    return complaint(stage, fs, type);
  int fd = sys_fsmount(fs, attributes_of(flags));
  return fd < 0 ? complaint(stage, fs, type) : fd;
}

int mount_clone(int fd, bool recursive) {
  return sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}
