#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "shim.h"

/* A reader sees the whole file or none. */
static int write_by_rename(const char *path, const char *text) {
  char temporary[PATH_MAX];
  if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
    return -1;
  AUTO_CLOSE int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 || write_all(fd, text, strlen(text)) < 0 || rename(temporary, path) < 0)
    return -1;
  return 0;
}

void unix_nanoseconds(char out[24]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(out, 24, "%lld%09ld", (long long)now.tv_sec, now.tv_nsec);
}

/* Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and parentheses. */
static void read_start_time(pid_t pid, char out[24]) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  text[size < 0 ? 0 : size] = '\0';
  char *field = strrchr(text, ')');
  for (int number = 2; field && number < 22; number++)
    field = strchr(field + 1, ' ');
  snprintf(out, 24, "%llu", field ? strtoull(field, NULL, 10) : 0);
}

int record_state(pid_t pid) {
  char text[256];
  read_start_time(pid, shim.start_time);
  unix_nanoseconds(shim.started_at);
  snprintf(text, sizeof text, "{\"shimPid\":%d,\"pid\":%d,\"startTime\":\"%s\",\"startedAt\":\"%s\"}\n",
           getpid(), pid, shim.start_time, shim.started_at);
  return write_by_rename(shim.launch.state_path, text);
}

int record_exit(int code, int signal, bool oom) {
  char text[256];
  snprintf(text, sizeof text, "{\"code\":%d,\"signal\":%d,\"oom\":%s,\"finishedAt\":\"%s\"}\n", code, signal,
           oom ? "true" : "false", shim.finished_at);
  return write_by_rename(shim.launch.exit_path, text);
}
