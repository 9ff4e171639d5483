#include "fail.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void (*last_rites)(void);

void before_failing(void (*clean_up)(void)) {
  last_rites = clean_up;
}

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
  if (last_rites != NULL)
    last_rites();
  char message[2 * PATH_MAX + 256], line[4 * PATH_MAX] = "{\"error\":\"";
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
