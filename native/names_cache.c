#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define ENTRIES 64
/* What fits a client that says nothing of its size on any path (DNS flag day 2020); longer answers are rare.
 */
#define ANSWER_MAX 1232

struct entry {
  size_t question; /* length of header and question */
  size_t size;
  uint8_t message[];
};

static struct entry *entries[ENTRIES];
static int next;

/* Names are compared without regard to case, as servers do. */
static bool same_question(const uint8_t *a, const uint8_t *b, size_t end) {
  for (size_t at = NAMES_HEADER; at < end; at++)
    if (tolower(a[at]) != tolower(b[at]))
      return false;
  return true;
}

static int find(const uint8_t *message, size_t end) {
  for (int i = 0; i < ENTRIES; i++)
    if (entries[i] && entries[i]->question == end && same_question(entries[i]->message, message, end))
      return i;
  return -1;
}

void names_cache_put(const uint8_t *message, size_t size) {
  size_t end = names_question_end(message, size);
  if (end == 0 || size > ANSWER_MAX || !names_is_good(message, size))
    return;
  struct entry *entry = malloc(sizeof *entry + size);
  if (!entry)
    return;
  *entry = (struct entry){.question = end, .size = size};
  memcpy(entry->message, message, size);
  int at = find(message, end);
  if (at < 0) {
    at = next;
    next = (next + 1) % ENTRIES;
  }
  free(entries[at]);
  entries[at] = entry;
}

const uint8_t *names_cache_find(const uint8_t *query, size_t query_size, size_t *size) {
  size_t end = names_question_end(query, query_size);
  int at = end == 0 ? -1 : find(query, end);
  if (at < 0)
    return NULL;
  *size = entries[at]->size;
  return entries[at]->message;
}

void names_cache_clear(void) {
  for (int i = 0; i < ENTRIES; i++) {
    free(entries[i]);
    entries[i] = NULL;
  }
}
