#define _GNU_SOURCE
#include "untar.h"

#include <string.h>

uint64_t pax_decimal(const char *text, char terminator, const char **end) {
  uint64_t value = 0;
  const char *at = text;
  for (; *at >= '0' && *at <= '9'; at++) {
    if (value > (INT64_MAX - 9) / 10)
      fail(INVALID_HEADER);
    value = value * 10 + (uint64_t)(*at - '0');
  }
  if (at == text || *at != terminator)
    fail(INVALID_HEADER);
  *end = at;
  return value;
}

static uint64_t whole(const char *text) {
  const char *end;
  return pax_decimal(text, '\0', &end);
}

/* "-1234.56789": seconds with a decimal fraction. */
static struct timespec timestamp(const char *text) {
  bool negative = *text == '-';
  const char *at = text + negative;
  struct timespec time = {0};
  size_t digits = strspn(at, "0123456789");
  if (digits == 0 || digits > 18)
    fail(INVALID_HEADER);
  for (; digits > 0; digits--, at++)
    time.tv_sec = time.tv_sec * 10 + (*at - '0');
  if (*at == '.') {
    long unit = 100000000;
    for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
      time.tv_nsec += unit * (*at - '0');
  }
  if (*at != '\0')
    fail(INVALID_HEADER);
  if (!negative)
    return time;
  if (time.tv_nsec == 0)
    return (struct timespec){.tv_sec = -time.tv_sec, .tv_nsec = 0};
  return (struct timespec){.tv_sec = -time.tv_sec - 1, .tv_nsec = 1000000000 - time.tv_nsec};
}

static void add_xattr(struct pax *pax, const char *name, const void *value, size_t size) {
  if (pax->xattr_count == XATTRS_MAX)
    fail("more than %d extended attributes on one file", XATTRS_MAX);
  pax->xattrs[pax->xattr_count++] = (struct xattr){.name = name, .value = value, .size = size};
}

static int hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

static void url_decode(char *text) {
  char *to = text;
  for (const char *at = text; *at != '\0'; at++, to++) {
    int high = *at == '%' ? hex(at[1]) : -1;
    int low = high >= 0 ? hex(at[2]) : -1;
    *to = low >= 0 ? (char)(high << 4 | low) : *at;
    if (low >= 0)
      at += 2;
  }
  *to = '\0';
}

static size_t base64_decode(char *text, size_t size) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t length = 0;
  uint32_t bits = 0;
  unsigned count = 0;
  for (size_t i = 0; i < size && text[i] != '='; i++) {
    const char *found = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);
    if (found == NULL)
      fail(INVALID_HEADER);
    bits = (bits << 6 | (uint32_t)(found - alphabet)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      text[length++] = (char)(bits >> count);
    }
  }
  return length;
}

static bool strip_prefix(char **text, const char *prefix) {
  size_t length = strlen(prefix);
  if (strncmp(*text, prefix, length) != 0)
    return false;
  *text += length;
  return true;
}

static void sparse_record(struct pax *pax, const char *key, char *value) {
  const char *end;
  pax->sparse = true;
  if (strcmp(key, "major") == 0)
    pax->sparse_major = (unsigned)whole(value);
  else if (strcmp(key, "minor") == 0)
    pax->sparse_minor = (unsigned)whole(value);
  else if (strcmp(key, "name") == 0)
    pax->sparse_name = value;
  else if (strcmp(key, "size") == 0 || strcmp(key, "realsize") == 0) {
    pax->sparse_size = whole(value);
    pax->has_sparse_size = true;
  } else if (strcmp(key, "offset") == 0)
    sparse_add_offset(pax_decimal(value, '\0', &end));
  else if (strcmp(key, "numbytes") == 0)
    sparse_add_length(pax_decimal(value, '\0', &end));
  else if (strcmp(key, "map") == 0)
    sparse_parse_map(value);
}

static void record(struct pax *pax, char *key, char *value, size_t size) {
  char *name = key;
  if (strip_prefix(&name, "SCHILY.xattr.")) {
    add_xattr(pax, name, value, size);
    return;
  }
  if (strip_prefix(&name, "LIBARCHIVE.xattr.")) {
    url_decode(name);
    add_xattr(pax, name, value, base64_decode(value, size));
    return;
  }
  /* All others are text. */
  if (strlen(value) != size)
    fail(INVALID_HEADER);
  if (strip_prefix(&name, "GNU.sparse."))
    sparse_record(pax, name, value);
  else if (strcmp(key, "path") == 0)
    pax->path = size > 0 ? value : NULL;
  else if (strcmp(key, "linkpath") == 0)
    pax->linkpath = size > 0 ? value : NULL;
  else if (strcmp(key, "size") == 0) {
    pax->size = whole(value);
    pax->has_size = true;
  } else if (strcmp(key, "uid") == 0) {
    pax->uid = whole(value);
    pax->has_uid = true;
  } else if (strcmp(key, "gid") == 0) {
    pax->gid = whole(value);
    pax->has_gid = true;
  } else if (strcmp(key, "mtime") == 0) {
    pax->mtime = timestamp(value);
    pax->has_mtime = true;
  }
}

/* "27 path=some/name\n": the length counts itself, the space and the newline. */
void pax_parse(struct pax *pax, char *text, size_t size) {
  for (size_t at = 0; at < size;) {
    const char *end;
    uint64_t length = pax_decimal(text + at, ' ', &end);
    size_t head = (size_t)(end - (text + at)) + 1;
    if (length > size - at || length <= head || text[at + length - 1] != '\n')
      fail(INVALID_HEADER);
    text[at + length - 1] = '\0';
    char *key = text + at + head;
    char *equals = strchr(key, '=');
    if (equals == NULL || equals == key)
      fail(INVALID_HEADER);
    *equals = '\0';
    record(pax, key, equals + 1, (size_t)(text + at + length - 1 - (equals + 1)));
    at += length;
  }
}
