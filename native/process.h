/* Processes by number, made sure of. */
#pragma once
#include <sys/types.h>

/* A pidfd of the process that has this number and began at `start_time` (field 22 of /proc/pid/stat, "" =
 * whenever); -1 with errno, ESTALE when it is another one now. */
int process_open(pid_t pid, const char *start_time);

/* This process is killed when the one that started it ends, also by kill -9. 0, or -1 with errno. */
int end_with_parent(void);
