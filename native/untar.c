#define _GNU_SOURCE
#include "untar.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options = {.whiteouts = WHITEOUTS_NONE, .max_bytes = UINT64_MAX, .max_entries = UINT64_MAX};

static size_t put_json(char *to, size_t room, const char *text) {
  size_t n = 0;
  for (; *text && n + 8 < room; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      to[n++] = '\\';
      to[n++] = (char)c;
    } else if (c < 0x20) {
      n += (size_t)snprintf(to + n, room - n, "\\u%04x", c);
    } else {
      to[n++] = (char)c;
    }
  }
  return n;
}

_Noreturn static void fail_with(int error, const char *format, va_list arguments) {
  char message[2 * NAME_LIMIT + 256], line[4 * NAME_LIMIT] = "{\"error\":\"";
  int length = vsnprintf(message, sizeof message, format, arguments);
  size_t used = length < 0 ? 0 : (size_t)length < sizeof message ? (size_t)length : sizeof message - 1;
  if (error != 0)
    snprintf(message + used, sizeof message - used, ": %s", strerror(error));
  size_t n = strlen(line);
  n += put_json(line + n, sizeof line - n - 4, message);
  memcpy(line + n, "\"}\n", 3);
  ssize_t written = write(STDERR_FILENO, line, n + 3);
  _exit(written < 0 ? 2 : 1);
}

_Noreturn void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_with(0, format, arguments);
}

_Noreturn void fail_errno(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  fail_with(error, format, arguments);
}

static uint64_t option_number(const char *name, const char *value) {
  char *end;
  errno = 0;
  unsigned long long number = value == NULL ? 0 : strtoull(value, &end, 10);
  if (value == NULL || *value == '\0' || *end != '\0' || errno != 0)
    fail("untar: %s takes a number", name);
  return number;
}

static enum whiteouts option_whiteouts(const char *value) {
  if (value != NULL && strcmp(value, "overlay") == 0)
    return WHITEOUTS_OVERLAY;
  if (value != NULL && strcmp(value, "apply") == 0)
    return WHITEOUTS_APPLY;
  if (value != NULL && strcmp(value, "none") == 0)
    return WHITEOUTS_NONE;
  fail("untar: --whiteouts takes overlay, apply or none");
}

static void parse_options(int argc, char **argv) {
  for (int i = 2; i < argc; i += 2) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--whiteouts") == 0)
      options.whiteouts = option_whiteouts(value);
    else if (strcmp(argv[i], "--max-bytes") == 0)
      options.max_bytes = option_number(argv[i], value);
    else if (strcmp(argv[i], "--max-entries") == 0)
      options.max_entries = option_number(argv[i], value);
    else if (strcmp(argv[i], "--keep-free") == 0)
      options.keep_free = option_number(argv[i], value);
    else
      fail("untar: unknown option %s", argv[i]);
  }
}

/* usage: untar <directory> [--whiteouts overlay|apply|none] [--max-bytes N] [--max-entries N] [--keep-free
 * BYTES] < plain.tar
 *
 * Success: exit 0 and {"bytes":N,"entries":N,"implied":[…]} on stdout. Failure: exit 1 and {"error":"…"} on
 * stderr. */
int untar_main(int argc, char **argv) {
  static struct entry entry;
  uint64_t bytes = 0, entries = 0;
  if (argc < 2)
    fail("usage: gantry-init untar <directory> [--whiteouts overlay|apply|none] [--max-bytes N] "
         "[--max-entries N] [--keep-free BYTES]");
  parse_options(argc, argv);
  reader_open();
  confine(argv[1]);
  while (header_next(&entry)) {
    if (++entries > options.max_entries)
      fail("the layer has more than %llu entries", (unsigned long long)options.max_entries);
    if (entry.stored > options.max_bytes - bytes)
      fail("the layer has more than %llu bytes", (unsigned long long)options.max_bytes);
    space_for(&entry);
    if (options.whiteouts == WHITEOUTS_NONE || !whiteout_entry(&entry))
      bytes += make_entry(&entry);
  }
  reader_drain();
  tree_finish();
  printf("{\"bytes\":%llu,\"entries\":%llu,\"implied\":", (unsigned long long)bytes,
         (unsigned long long)entries);
  tree_print_implied();
  printf("}\n");
  return fflush(stdout) == 0 ? 0 : 1;
}
