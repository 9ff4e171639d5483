#define _GNU_SOURCE
#include "untar.h"

#include <sys/statfs.h>

/* Between two looks at the file system. Others write to it at the same time, so one at the beginning would
 * not do. */
#define STEP_ENTRIES 64

/* At most a fraction of what may not be touched. */
static uint64_t step_bytes(void) {
  const uint64_t most = 4u << 20, step = options.keep_free / 8;
  return step < most ? step : most;
}

static uint64_t bytes_since, entries_since;

static void look(uint64_t wanted) {
  struct statfs fs;
  bytes_since = entries_since = 0;
  if (statfs("/", &fs) != 0)
    fail_errno("statfs");
  uint64_t available = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
  if (available < options.keep_free || available - options.keep_free < wanted)
    fail("no space left on device: the layer needs more than the %llu bytes that are free",
         (unsigned long long)available);
  /* A file system without a fixed number of inodes says 0 of 0. */
  if (fs.f_files > 0 && fs.f_ffree < fs.f_files / 100)
    fail("no space left on device: the layer needs more than the %llu inodes that are free",
         (unsigned long long)fs.f_ffree);
}

void space_for(const struct entry *entry) {
  if (options.keep_free > 0 && (entry->stored >= step_bytes() || ++entries_since >= STEP_ENTRIES))
    look(entry->stored);
}

void space_taken(uint64_t bytes) {
  bytes_since += bytes;
  if (options.keep_free > 0 && bytes_since >= step_bytes())
    look(0);
}
