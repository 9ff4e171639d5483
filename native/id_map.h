/* Mounts that show files under other ids than those on disk (mount_setattr(2), ID-mapped mounts). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ops.h"

/* Shows the detached mount `tree`, with all beneath it when `recursive`, by a mapping. `uids` and `gids` are
 * lines as in /proc/pid/uid_map: first id on disk, first id that is seen, count. Ids without a line are seen
 * as nobody's. */
int id_map_mount(struct stage *stage, int tree, bool recursive, const char *uids, const char *gids);
/* The owner of `tree` is seen as `user` (Docker's --user: looked up in the root) and the other way round; all
 * other ids are as they are. */
int id_map_owner(struct stage *stage, int tree, bool recursive, const char *user);
/* The lines that exchange two ids. Room for 5 of them. */
#define ID_MAP_SIZE 200
void id_map_exchange(char text[ID_MAP_SIZE], id_t one, id_t other);
