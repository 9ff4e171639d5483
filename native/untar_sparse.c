#define _GNU_SOURCE
#include "untar.h"

#include <stdlib.h>
#include <string.h>

static struct extent *extents;
static size_t count, capacity;
static bool half; /* an offset without its length */

void sparse_reset(void) {
  count = 0;
  half = false;
}

void sparse_add(uint64_t offset, uint64_t length) {
  if (count == capacity) {
    capacity = capacity == 0 ? 64 : capacity * 2;
    if (capacity > EXTENTS_MAX)
      fail("a sparse file has more than %u parts", EXTENTS_MAX);
    extents = realloc(extents, capacity * sizeof *extents);
    if (extents == NULL)
      fail("out of memory");
  }
  extents[count++] = (struct extent){.offset = offset, .length = length};
}

void sparse_add_offset(uint64_t offset) {
  if (half)
    fail(INVALID_HEADER);
  sparse_add(offset, 0);
  half = true;
}

void sparse_add_length(uint64_t length) {
  if (!half)
    fail(INVALID_HEADER);
  extents[count - 1].length = length;
  half = false;
}

/* pax 0.1: "offset,length,offset,length…" */
void sparse_parse_map(const char *text) {
  while (*text != '\0') {
    const char *end;
    uint64_t offset = pax_decimal(text, ',', &end);
    text = end + 1;
    size_t digits = strspn(text, "0123456789");
    uint64_t length = pax_decimal(text, text[digits] == ',' ? ',' : '\0', &end);
    sparse_add(offset, length);
    text = *end == ',' ? end + 1 : end;
  }
}

static void add_old(const uint8_t *field) {
  if (field[0] != 0)
    sparse_add(header_number(field, 12), header_number(field + 12, 12));
}

void sparse_read_old(const uint8_t *header) {
  for (size_t i = 0; i < 4; i++)
    add_old(header + 386 + i * 24);
  for (bool more = header[482] != 0; more;) {
    const uint8_t *block = reader_block();
    if (block == NULL)
      fail("unexpected EOF");
    for (size_t i = 0; i < 21; i++)
      add_old(block + i * 24);
    more = block[504] != 0;
  }
}

/* Decimal numbers, one a line, padded to whole blocks: their count, then offset and length of each. */
struct map_reader {
  const uint8_t *block;
  size_t at;
  uint64_t used, stored;
};

static uint64_t map_number(struct map_reader *map) {
  char text[24];
  for (size_t n = 0; n < sizeof text - 1; n++) {
    if (map->at == BLOCK) {
      map->used += BLOCK;
      map->block = map->used <= map->stored ? reader_block() : NULL;
      if (map->block == NULL)
        fail(INVALID_HEADER);
      map->at = 0;
    }
    text[n] = (char)map->block[map->at++];
    if (text[n] == '\n') {
      const char *end;
      return pax_decimal(text, '\n', &end);
    }
  }
  fail(INVALID_HEADER);
}

uint64_t sparse_read_data_map(uint64_t stored) {
  struct map_reader map = {.block = NULL, .at = BLOCK, .used = 0, .stored = stored};
  for (uint64_t left = map_number(&map); left > 0; left--) {
    uint64_t offset = map_number(&map);
    sparse_add(offset, map_number(&map));
  }
  return map.used;
}

void sparse_finish(struct entry *entry) {
  uint64_t total = 0, behind = 0;
  if (half || entry->size > INT64_MAX)
    fail(INVALID_HEADER);
  for (size_t i = 0; i < count; i++) {
    const struct extent *extent = &extents[i];
    if (extent->offset < behind || extent->offset > entry->size ||
        extent->length > entry->size - extent->offset)
      fail(INVALID_HEADER);
    behind = extent->offset + extent->length;
    total += extent->length;
  }
  if (total != entry->stored)
    fail(INVALID_HEADER);
  entry->extents = extents;
  entry->extent_count = count;
}
