/* What is remembered of inodes, by device and number: a hash table that only grows. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inode_slot {
  dev_t device;
  ino_t inode;
  uint64_t value; /* 0: an empty slot */
};

struct inode_map {
  struct inode_slot *slots;
  size_t capacity, used;
};

/* The value of an inode, 0 when there is none. */
uint64_t inode_map_get(const struct inode_map *map, dev_t device, ino_t inode);
/* `value` must not be 0. Fails (fail.h) without memory. */
void inode_map_put(struct inode_map *map, dev_t device, ino_t inode, uint64_t value);
