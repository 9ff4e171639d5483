#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "files.h"
#include "shim.h"

static int open_in_cgroup(const char *name, int flags) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", shim.launch.memory_cgroup, name) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return open(path, flags | O_CLOEXEC);
}

/* The `oom_kill N` line of memory.oom_control (v1) or memory.events (v2). */
static uint64_t kills(void) {
  AUTO_CLOSE int fd =
      open_in_cgroup(shim.launch.cgroup_version == 2 ? "memory.events" : "memory.oom_control", O_RDONLY);
  char text[512];
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (size < 0)
    return shim.oom_seen; /* the cgroup is gone: what we know stays true */
  text[size] = '\0';
  const char *line = strstr(text, "oom_kill ");
  return line ? strtoull(line + strlen("oom_kill "), NULL, 10) : 0;
}

bool oom_check(void) {
  if (shim.launch.memory_cgroup[0] == '\0')
    return false;
  uint64_t now = kills();
  if (now > shim.oom_seen) {
    shim.oom_seen = now;
    if (!shim.oom_told)
      event_oom();
  }
  return shim.oom_seen > 0;
}

/* v1 notifies before it kills (mem_cgroup_oom in mm/memcontrol-v1.c): the counter may not show it yet. It
 * notifies of the group's removal too. */
static void tell_v1(void) {
  AUTO_CLOSE int fd = open_in_cgroup("memory.oom_control", O_RDONLY);
  if (fd < 0)
    return;
  shim.oom_told = true;
  event_oom();
}

static void oom_ready(struct source *source, uint32_t events) {
  char notes[sizeof(struct inotify_event) + NAME_MAX + 1]; /* an eventfd gives 8 bytes */
  if ((events & (EPOLLHUP | EPOLLERR)) || read(source->fd, notes, sizeof notes) <= 0)
    loop_close(source);
  else if (shim.launch.cgroup_version == 2)
    oom_check();
  else
    tell_v1();
}

/* memory.events is modified when its numbers change (cgroup-v2.rst, "memory.events"). */
static int watch_v2(void) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/memory.events", shim.launch.memory_cgroup) >= (int)sizeof path)
    return -1;
  AUTO_CLOSE int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
    return -1;
  return keep_fd(&fd);
}

/* cgroup-v1/memory.rst, section 10: "<eventfd> <fd of memory.oom_control>" into cgroup.event_control. */
static int watch_v1(void) {
  AUTO_CLOSE int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  AUTO_CLOSE int control = open_in_cgroup("memory.oom_control", O_RDONLY);
  AUTO_CLOSE int registry = open_in_cgroup("cgroup.event_control", O_WRONLY);
  char line[32];
  int size = snprintf(line, sizeof line, "%d %d", fd, control);
  if (fd < 0 || control < 0 || registry < 0 || write(registry, line, (size_t)size) != size)
    return -1;
  return keep_fd(&fd);
}

void oom_watch(void) {
  if (shim.launch.memory_cgroup[0] == '\0')
    return;
  int fd = shim.launch.cgroup_version == 2 ? watch_v2() : watch_v1();
  if (fd < 0)
    return; /* the counter is read at the exit all the same */
  loop_init(&shim.oom, fd, oom_ready);
  loop_watch(&shim.oom, EPOLLIN);
}
