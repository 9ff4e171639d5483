/* Detached mounts, made without naming any path. Both return a descriptor for sys_move_mount, or -1 with
 * errno. */
#pragma once
#include <stdint.h>

#include "ops.h"

/* A new file system as mount(2) would make it: `flags` are MS_*, `data` is comma-separated. The file system's
 * own complaint becomes the detail. The superblock stays writable where the mount is read-only: it may be the
 * host's. */
int filesystem_new(struct stage *stage, const char *type, const char *source, uint64_t flags,
                   const char *data);
/* A copy of the mount at `fd`, with everything mounted beneath it when `recursive`. */
int mount_clone(int fd, bool recursive);
