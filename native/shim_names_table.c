#include <stdlib.h>
#include <string.h>

#include "shim_names.h"

/* A free place, or that of the query that has waited longest. */
static unsigned place(void) {
  unsigned oldest = 0;
  for (unsigned i = 0; i < NAMES_QUERIES; i++) {
    if (!names->queries[i])
      return i;
    if (names->queries[i]->arrived < names->queries[oldest]->arrived)
      oldest = i;
  }
  names_query_end(names->queries[oldest]);
  return oldest;
}

struct names_query *names_query_begin(const uint8_t *message, size_t size, struct names_stream *stream) {
  if (size > NAMES_QUERY_MAX || !dns_is_query(message, size))
    return NULL;
  struct names_query *query = malloc(sizeof *query + size);
  if (!query)
    return NULL;
  unsigned at = place();
  *query = (struct names_query){
      .id = (uint16_t)(names->serial++ << 8 | at), /* so that a late answer does not meet the next query */
      .client_id = (uint16_t)(message[0] << 8 | message[1]),
      .arrived = now_ms(),
      .stream = stream,
      .size = size,
      .question = dns_question(message, size),
  };
  memcpy(query->message, message, size);
  names->queries[at] = query;
  names->waiting++;
  if (stream)
    names_stream_count(stream, 1);
  return query;
}

static void take_off(struct names_query *query) {
  names->queries[query->id % NAMES_QUERIES] = NULL;
  names->waiting--;
  free(query);
}

void names_query_end(struct names_query *query) {
  struct names_stream *stream = query->stream;
  take_off(query);
  if (stream)
    names_stream_count(stream, -1);
}

struct names_query *names_query_find(uint16_t id) {
  struct names_query *query = names->queries[id % NAMES_QUERIES];
  return query && query->id == id ? query : NULL;
}

void names_queries_end(const struct names_stream *stream) {
  for (unsigned i = 0; i < NAMES_QUERIES && names->waiting > 0; i++)
    if (names->queries[i] && (!stream || names->queries[i]->stream == stream))
      take_off(names->queries[i]);
}
