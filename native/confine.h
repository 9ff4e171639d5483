/* Shuts the calling process into a directory before it touches anything that somebody else made: a mount
 * namespace whose root is the directory, few capabilities, a list of system calls. Fails (fail.h) when any of
 * it cannot be had. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct confinement {
  const char *directory;
  /* MS_RDONLY and the like, beside nosuid, nodev and noexec. */
  unsigned long mount_flags;
  /* A second tree, read-only, or NULL. `second_fd` becomes its directory: a mount attached nowhere, so that
   * ".." does not lead out of it. */
  const char *second;
  int *second_fd;
  /* Bits of CAP_*. */
  uint64_t capabilities;
  /* SYS_* beyond those that every such program needs: memory, and reading and writing what is open. */
  const int *system_calls;
  size_t system_call_count;
};

void confine(const struct confinement *confinement);
