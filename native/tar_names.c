#include "tar.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_dot(const char *name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* The names one after the other, each with its NUL. */
struct text {
  char *at;
  size_t used, capacity, count;
};

static void append(struct text *text, const char *name) {
  size_t size = strlen(name) + 1;
  if (text->capacity - text->used < size) {
    text->capacity = text->capacity == 0 ? 4096 : text->capacity * 2;
    text->at = realloc(text->at, text->capacity);
    if (text->at == NULL)
      fail("out of memory");
  }
  memcpy(text->at + text->used, name, size);
  text->used += size;
  text->count++;
}

/* Of bytes, as strcmp has it: not of the locale. */
static int by_bytes(const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

void names_read(int directory, struct names *names) {
  static char buffer[1 << 16] __attribute__((aligned(8)));
  struct text text = {0};
  for (;;) {
    long size = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
    /* A directory that was removed has no names any more. */
    if (size == 0 || (size < 0 && errno == ENOENT))
      break;
    if (size < 0)
      fail_errno("read the directory /%s", tar_path);
    for (long at = 0; at < size;) {
      const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);
      if (!is_dot(entry->d_name))
        append(&text, entry->d_name);
      at += entry->d_reclen;
    }
  }
  *names = (struct names){.text = text.at, .count = text.count};
  if (text.count == 0)
    return;
  names->sorted = malloc(text.count * sizeof *names->sorted);
  if (names->sorted == NULL)
    fail("out of memory");
  const char *name = text.at;
  for (size_t i = 0; i < text.count; i++, name += strlen(name) + 1)
    names->sorted[i] = name;
  qsort(names->sorted, text.count, sizeof *names->sorted, by_bytes);
}

void names_free(struct names *names) {
  free(names->text);
  free(names->sorted);
}
