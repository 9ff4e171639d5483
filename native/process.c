#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "files.h"
#include "kernel.h"

/* The second field of the file is the program's name and may hold anything but comes in parentheses. */
static int read_start_time(pid_t pid, char *text, size_t size) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  AUTO_FREE char *stat = read_whole(fd, 4096, NULL);
  char *at = stat ? strrchr(stat, ')') : NULL;
  for (int field = 2; at && field < 22; field++)
    if ((at = strchr(at, ' ')))
      at++;
  if (!at) {
    errno = ESRCH;
    return -1;
  }
  snprintf(text, size, "%.*s", (int)strcspn(at, " "), at);
  return 0;
}

int process_open(pid_t pid, const char *start_time) {
  /* Opened first: what /proc says afterwards is about the process that the descriptor holds, or it is gone.
   */
  AUTO_CLOSE int pidfd = sys_pidfd_open(pid);
  char actual[32];
  if (pidfd < 0)
    return -1;
  if (*start_time && (read_start_time(pid, actual, sizeof actual) != 0 || strcmp(actual, start_time) != 0)) {
    errno = ESTALE;
    return -1;
  }
  return keep_fd(&pidfd);
}

/* Kept over execve and when capabilities go (prctl(2), PR_SET_PDEATHSIG). */
int end_with_parent(void) {
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}
