#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* One text of the input, read into a buffer that grows. */
struct text {
  char *at;
  size_t capacity;
};

/* False at the end of the input. */
static bool read_text(struct text *text) {
  ssize_t size = getdelim(&text->at, &text->capacity, '\0', stdin);
  if (size < 0 && ferror(stdin))
    fail_errno("read the list");
  if (size < 0)
    return false;
  if (text->at[size - 1] != '\0')
    fail("the list ends early");
  if (size > PATH_MAX)
    fail("name too long: %.64s…", text->at);
  return true;
}

static enum action parse_action(const char *word) {
  static const struct {
    const char *name;
    enum action action;
  } actions[] = {{"copy", ACTION_COPY},
                 {"directory", ACTION_DIRECTORY},
                 {"link", ACTION_LINK},
                 {"remove", ACTION_REMOVE}};
  for (size_t i = 0; word != NULL && i < sizeof actions / sizeof *actions; i++)
    if (strcmp(word, actions[i].name) == 0)
      return actions[i].action;
  fail("place: no such action: %.64s", word == NULL ? "" : word);
}

/* "uid=1000": the number behind `name`. */
static bool parse_number(const char *word, const char *name, int base, long long *number) {
  size_t length = strlen(name);
  char *end;
  if (strncmp(word, name, length) != 0)
    return false;
  errno = 0;
  *number = strtoll(word + length, &end, base);
  if (word[length] == '\0' || *end != '\0' || errno != 0)
    fail("place: %.64s is no number", word);
  return true;
}

static void parse_option(struct record *record, const char *word) {
  long long number;
  if (parse_number(word, "uid=", 10, &number)) {
    record->has_uid = true;
    record->uid = (uid_t)number;
  } else if (parse_number(word, "gid=", 10, &number)) {
    record->has_gid = true;
    record->gid = (gid_t)number;
  } else if (parse_number(word, "mode=", 8, &number)) {
    record->has_mode = true;
    record->mode = (mode_t)number & 07777;
  } else if (parse_number(word, "mtime=", 10, &number)) {
    record->has_mtime = true;
    record->mtime = number;
  } else if (strcmp(word, "existing") == 0) {
    record->existing = true;
  } else if (strcmp(word, "follow-source") == 0) {
    record->follow_source = true;
  } else if (strcmp(word, "follow") == 0) {
    record->follow = true;
  } else {
    fail("place: no such option: %.64s", word);
  }
}

bool record_next(struct record *record) {
  static struct text what, source, destination;
  char *state = NULL;
  if (!read_text(&what))
    return false;
  if (!read_text(&source) || !read_text(&destination))
    fail("the list ends early");
  if (*destination.at != '/')
    fail("place: %.64s is not absolute", destination.at);
  *record = (struct record){.action = parse_action(strtok_r(what.at, " ", &state)),
                            .source = source.at,
                            .destination = destination.at};
  for (const char *word; (word = strtok_r(NULL, " ", &state)) != NULL;)
    parse_option(record, word);
  return true;
}
