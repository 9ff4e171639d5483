/* USER[:GROUP], each a name or a number, as the /etc/passwd and /etc/group of a tree have it. */
#pragma once
#include <stdint.h>

#include "ops.h"

/* What is not said stays as it is; a user without a group has the one that passwd says. Fails (fail.h) for
 * names that are not there, and for files that are no regular files. */
void find_owner(struct stage *stage, const char *owner, uint32_t *uid, uint32_t *gid);
