/* Shuts the calling process into a directory before it touches anything that somebody else made: a mount
 * namespace whose root is the directory, few capabilities, a list of system calls. Fails (fail.h) when any of
 * it cannot be had. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HIDDEN_MAX 16

struct confinement {
  const char *directory;
  /* In whose mount namespace the directory is: 0 = in our own. See process.h. */
  pid_t process;
  const char *start_time;
  /* What is mounted beneath the directory comes along, except what is on these paths, and never a procfs: its
   * links lead to other processes' files, whatever their mount namespace. */
  bool submounts;
  const char *hidden[HIDDEN_MAX];
  size_t hidden_count;
  bool read_only;
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

/* Options of where the tree is, which several programs have: --process PID:STARTTIME, --submounts,
 * --hide PATH. Returns how many arguments from argv[at] on were such an option, 0 = it is another. */
int confine_option(struct confinement *confinement, int argc, char **argv, int at);

/* Reads everything behind the directory: the options above, words that stand alone (`word` says whether it
 * is one) and pairs, whose value is NULL when the line ends early. */
void confine_options(struct confinement *confinement, int argc, char **argv, bool (*word)(const char *word),
                     void (*pair)(struct confinement *confinement, const char *option, char *value));

void confine(const struct confinement *confinement);

/* A tree may be deeper than the usual limit of descriptors, of which every level holds one or two. To be
 * called before `confine`. */
void raise_descriptor_limit(void);
