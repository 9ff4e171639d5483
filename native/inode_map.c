#include "inode_map.h"

#include <stdlib.h>

#include "fail.h"

/* The slot of an inode: its own, or the empty one where it belongs. At most half of the slots are taken. */
static struct inode_slot *slot_of(const struct inode_map *map, dev_t device, ino_t inode) {
  size_t mask = map->capacity - 1;
  size_t at = (size_t)((inode ^ device << 40) * 0x9e3779b97f4a7c15u >> 20) & mask;
  while (map->slots[at].value != 0 && (map->slots[at].inode != inode || map->slots[at].device != device))
    at = (at + 1) & mask;
  return &map->slots[at];
}

static void grow(struct inode_map *map) {
  struct inode_map larger = {.capacity = map->capacity == 0 ? 256 : map->capacity * 2, .used = map->used};
  larger.slots = calloc(larger.capacity, sizeof *larger.slots);
  if (larger.slots == NULL)
    fail("out of memory");
  for (size_t i = 0; i < map->capacity; i++)
    if (map->slots[i].value != 0)
      *slot_of(&larger, map->slots[i].device, map->slots[i].inode) = map->slots[i];
  free(map->slots);
  *map = larger;
}

uint64_t inode_map_get(const struct inode_map *map, dev_t device, ino_t inode) {
  return map->capacity == 0 ? 0 : slot_of(map, device, inode)->value;
}

void inode_map_put(struct inode_map *map, dev_t device, ino_t inode, uint64_t value) {
  if (map->used * 2 >= map->capacity)
    grow(map);
  struct inode_slot *slot = slot_of(map, device, inode);
  if (slot->value == 0)
    map->used++;
  *slot = (struct inode_slot){device, inode, value};
}
