/* RFC 8767 keeps answers beyond their time for when nobody can give better ones. Here they are used only
 * while the daemon is away, and it tells us to forget them when the names that it gives out change. */
#include <stdlib.h>
#include <string.h>

#include "shim_names.h"

/* RFC 8767, section 5: a maximum between one and three days. */
#define KEPT_MS (24ull * 60 * 60 * 1000)

struct names_kept {
  uint64_t at; /* ms */
  enum names_keep keep;
  size_t query_size, question, answer_size;
  uint8_t bytes[]; /* the query, then the answer */
};

/* Flags and counts; the id says nothing. */
static bool same_header(const uint8_t *a, const uint8_t *b) {
  return memcmp(a + 2, b + 2, NAMES_HEADER - 2) == 0;
}

static bool fits(const struct names_kept *kept, const struct names_query *query) {
  if (kept->question != query->question || !same_header(kept->bytes, query->message) ||
      !dns_same_question(kept->bytes + NAMES_HEADER, query->message + NAMES_HEADER, query->question))
    return false;
  size_t behind = NAMES_HEADER + query->question;
  return kept->keep == NAMES_KEEP_QUESTION ||
         (kept->query_size == query->size &&
          memcmp(kept->bytes + behind, query->message + behind, query->size - behind) == 0);
}

static struct names_kept **find(const struct names_query *query) {
  for (unsigned i = 0; i < NAMES_KEPT && query->question > 0; i++)
    if (names->kept[i] && fits(names->kept[i], query))
      return &names->kept[i];
  return NULL;
}

/* An empty one, or that of the oldest. */
static struct names_kept **place(void) {
  struct names_kept **oldest = &names->kept[0];
  for (unsigned i = 0; i < NAMES_KEPT && *oldest; i++)
    if (!names->kept[i] || names->kept[i]->at < (*oldest)->at)
      oldest = &names->kept[i];
  return oldest;
}

void names_keep(const struct names_query *query, enum names_keep keep, const uint8_t *answer, size_t size) {
  if (query->question == 0 || size > NAMES_KEPT_MAX || dns_question(answer, size) != query->question)
    return;
  struct names_kept **at = find(query), *kept;
  if (!at)
    at = place();
  kept = realloc(*at, sizeof *kept + query->size + size);
  if (!kept)
    return;
  *kept = (struct names_kept){now_ms(), keep, query->size, query->question, size};
  memcpy(kept->bytes, query->message, query->size);
  memcpy(kept->bytes + query->size, answer, size);
  *at = kept;
}

bool names_answer_kept(struct names_query *query) {
  struct names_kept **at = find(query);
  if (!at || now_ms() - (*at)->at > KEPT_MS)
    return false;
  uint8_t answer[NAMES_KEPT_MAX];
  memcpy(answer, (*at)->bytes + (*at)->query_size, (*at)->answer_size);
  /* Clients compare even the case of the letters. */
  memcpy(answer + NAMES_HEADER, query->message + NAMES_HEADER, query->question);
  names_answer(query, answer, (*at)->answer_size);
  return true;
}

void names_forget(void) {
  for (unsigned i = 0; i < NAMES_KEPT; i++) {
    free(names->kept[i]);
    names->kept[i] = NULL;
  }
}
