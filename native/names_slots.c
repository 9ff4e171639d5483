#include <stdlib.h>
#include <string.h>

#include "names.h"

/* Questions of one container that wait at the same time. */
#define SLOTS 256
#define HOLD_MS 4000

static struct names_query *slots[SLOTS];
/* The upper half of an id: an answer that comes too late must not be taken for one to the next question. */
static uint8_t generation;
static int used;

static int free_slot(void) {
  for (int i = 0; used < SLOTS && i < SLOTS; i++)
    if (!slots[i])
      return i;
  return -1;
}

struct names_query *names_slot_new(const uint8_t *message, size_t size) {
  int index = free_slot();
  struct names_query *query = index < 0 ? NULL : calloc(1, sizeof *query + size);
  if (!query)
    return NULL;
  memcpy(query->message, message, size);
  query->size = size;
  query->asked = names_get16(message);
  query->id = (uint16_t)(++generation << 8 | index);
  query->deadline = now_ms() + HOLD_MS;
  names_put16(query->message, query->id);
  slots[index] = query;
  used++;
  return query;
}

struct names_query *names_slot_find(uint16_t id) {
  struct names_query *query = slots[id % SLOTS];
  return query && query->id == id ? query : NULL;
}

struct names_query *names_slot_next(int *at) {
  while (used > 0 && *at < SLOTS) {
    struct names_query *query = slots[(*at)++];
    if (query)
      return query;
  }
  return NULL;
}

void names_slot_free(struct names_query *query) {
  slots[query->id % SLOTS] = NULL;
  used--;
  free(query);
}
