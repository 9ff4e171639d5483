/* The json-file log of a container: one JSON object per line of output, as Docker writes and reads it.
 *
 * Lines are collected and written in batches: log_add any number of times, then log_flush. A log that cannot
 * be written (disk full, directory gone) loses lines but never stops the container, and never holds half a
 * line. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "protocol.h"

/* Longer lines are written in pieces of this size, of which only the last ends in \n. */
#define LOG_LINE_MAX (16u * 1024)

struct log_stream {
  const char *name;
  uint8_t *partial; /* the beginning of a line that has no newline yet; LOG_LINE_MAX bytes */
  size_t partial_size;
  char *suffix; /* from behind the text to the end of the object, with the time of this batch */
  size_t suffix_size;
};

struct log {
  int fd; /* -1: nothing is logged */
  char *path, *extra;
  uint64_t max_size, size; /* of the file; max_size 0 = unlimited */
  uint32_t max_files;
  uint8_t *buffer;
  size_t used, capacity;
  time_t second;
  char second_text[24];
  struct log_stream streams[2];
};

/* Opens (appends to) launch->log_path; "" logs nothing. -1 with errno when it cannot be opened: nothing is
 * logged then. */
int log_open(struct log *log, const struct launch *launch);
/* The text and its line breaks as the process wrote them, split anywhere. */
void log_add(struct log *log, enum stream_type stream, const uint8_t *text, size_t size);
void log_flush(struct log *log);
/* Writes what has no newline yet and closes the file. */
void log_close(struct log *log);
/* Gives back the memory that writing took. */
void log_idle(struct log *log);
/* Moves the file to .1, .1 to .2 and so on, keeping max_files in all, and begins a new one. */
void log_rotate(struct log *log);
