/* What all mounts beneath the root have in common. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "ops.h"

bool is_procfs(int fd);
/* Refuses what would be mounted over (parts of) /proc, except where it is known to be harmless. `at`: the
 * place; `is_proc`: whether a whole procfs is to be mounted there. */
int check_proc(struct stage *stage, int at, bool is_proc, const char *target);
/* MOUNT_ATTR_*; of all that is mounted beneath as well when `recursive`. */
int set_mount_attributes(int fd, uint64_t set, uint64_t clear, bool recursive);
