#include "tar.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* POSIX ustar: see tar(5). */
struct header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
  char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a tar header is one block");

static struct {
  char text[PAX_MAX];
  size_t size;
} pax;

static size_t digits(size_t number) {
  size_t count = 1;
  for (; number >= 10; number /= 10)
    count++;
  return count;
}

/* "27 path=some/name\n": the length counts itself, the space and the newline. */
static void pax_record(const char *prefix, const char *key, const void *value, size_t size) {
  size_t rest = 1 + strlen(prefix) + strlen(key) + 1 + size + 1;
  size_t length = rest + digits(rest);
  if (digits(length) > digits(rest))
    length = rest + digits(length);
  if (length >= sizeof pax.text - pax.size)
    fail("/%s has more attributes than an archive can hold", tar_path);
  char *at = pax.text + pax.size;
  at += sprintf(at, "%zu %s%s=", length, prefix, key);
  memcpy(at, value, size);
  at[size] = '\n';
  pax.size += length;
}

static void pax_text(const char *key, const char *value) {
  pax_record("", key, value, strlen(value));
}

/* False when the field is too small. */
static bool put_octal(char *field, size_t size, uint64_t value) {
  if (value >> (3 * (size - 1)) != 0)
    return false;
  snprintf(field, size, "%0*llo", (int)size - 1, (unsigned long long)value);
  return true;
}

static void put_number(char *field, size_t size, const char *key, uint64_t value) {
  char text[24];
  if (put_octal(field, size, value))
    return;
  put_octal(field, size, 0);
  snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  pax_text(key, text);
}

static void put_time(struct header *header, int64_t seconds) {
  char text[24];
  if (seconds >= 0 && put_octal(header->mtime, sizeof header->mtime, (uint64_t)seconds))
    return;
  put_octal(header->mtime, sizeof header->mtime, 0);
  snprintf(text, sizeof text, "%lld", (long long)seconds);
  pax_text("mtime", text);
}

static bool is_ascii(const char *text) {
  for (; *text != '\0'; text++)
    if ((signed char)*text < 0)
      return false;
  return true;
}

static bool is_continuation(const char *text, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (((uint8_t)text[i] & 0xc0) != 0x80)
      return false;
  return true;
}

/* The bytes of the UTF-8 sequence at `text`; 0 when there is none (RFC 3629: no surrogates, nothing
 * overlong). */
static size_t utf8_sequence(const char *text) {
  uint8_t first = (uint8_t)text[0], second = (uint8_t)text[1];
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return is_continuation(text + 1, 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    bool fits = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second < 0xa0);
    return fits && is_continuation(text + 1, 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    bool fits = (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second < 0x90);
    return fits && is_continuation(text + 1, 3) ? 4 : 0;
  }
  return 0;
}

static bool is_utf8(const char *text) {
  for (size_t n; *text != '\0'; text += n)
    if ((n = utf8_sequence(text)) == 0)
      return false;
  return true;
}

/* What old readers see in place of a name that they cannot have. */
static void put_substitute(char *field, size_t size, const char *text) {
  for (size_t i = 0; i < size && text[i] != '\0'; i++)
    field[i] = (signed char)text[i] < 0 ? '_' : text[i];
}

/* As one field, or as prefix and name divided at a slash. */
static bool put_name(struct header *header, const char *name) {
  size_t length = strlen(name);
  if (!is_ascii(name))
    return false;
  if (length <= sizeof header->name) {
    memcpy(header->name, name, length);
    return true;
  }
  for (size_t at = length - 1; at-- > 1;) {
    if (name[at] != '/' || at > sizeof header->prefix)
      continue;
    if (length - at - 1 > sizeof header->name)
      return false;
    memcpy(header->prefix, name, at);
    memcpy(header->name, name + at + 1, length - at - 1);
    return true;
  }
  return false;
}

static void put_names(struct header *header, const char *name, const char *link) {
  if (!is_utf8(name) || (link != NULL && !is_utf8(link)))
    pax_text("hdrcharset", "BINARY");
  if (!put_name(header, name)) {
    put_substitute(header->name, sizeof header->name, name);
    pax_text("path", name);
  }
  if (link == NULL)
    return;
  put_substitute(header->link, sizeof header->link, link);
  if (!is_ascii(link) || strlen(link) > sizeof header->link)
    pax_text("linkpath", link);
}

static void write_header(struct header *header) {
  const uint8_t *bytes = (const uint8_t *)header;
  unsigned sum = 0;
  memcpy(header->magic, "ustar", sizeof header->magic);
  memcpy(header->version, "00", sizeof header->version);
  memset(header->checksum, ' ', sizeof header->checksum);
  for (size_t i = 0; i < sizeof *header; i++)
    sum += bytes[i];
  snprintf(header->checksum, sizeof header->checksum, "%06o", sum);
  writer_bytes(header, sizeof *header);
}

/* The special member that carries the records for the next one. */
static void write_pax(void) {
  struct header header = {.name = "PaxHeaders.0", .type = 'x'};
  put_octal(header.mode, sizeof header.mode, 0);
  put_octal(header.uid, sizeof header.uid, 0);
  put_octal(header.gid, sizeof header.gid, 0);
  put_octal(header.size, sizeof header.size, pax.size);
  put_octal(header.mtime, sizeof header.mtime, 0);
  write_header(&header);
  writer_bytes(pax.text, pax.size);
  writer_zeros((TAR_BLOCK - pax.size % TAR_BLOCK) % TAR_BLOCK);
}

/* What a path is called in the archive. */
static void put_path(char *to, size_t size, const char *path, const char *end) {
  const char *rest = path + tar_options.rebased;
  bool slash = tar_options.as != NULL && *rest != '\0' && *rest != '/';
  int length =
      snprintf(to, size, "%s%s%s%s", tar_options.as ? tar_options.as : "", slash ? "/" : "", rest, end);
  if (length < 0 || (size_t)length >= size)
    fail("the name /%.64s… is longer than %d bytes", path, NAME_LIMIT);
}

void header_write(const struct member *member) {
  const struct stat *status = member->status;
  struct header header = {.type = member->type};
  char name[NAME_LIMIT + 3], link[NAME_LIMIT + 3];
  pax.size = 0;
  put_path(name, sizeof name, member->name, member->type == '5' ? "/" : "");
  if (member->type == '1')
    put_path(link, sizeof link, member->link, "");
  put_names(&header, name, member->type == '1' ? link : member->link);
  put_octal(header.mode, sizeof header.mode, status->st_mode & 07777);
  put_number(header.uid, sizeof header.uid, "uid", status->st_uid);
  put_number(header.gid, sizeof header.gid, "gid", status->st_gid);
  put_number(header.size, sizeof header.size, "size", member->size);
  put_time(&header,
           status->st_mtim.tv_sec < tar_options.newest ? status->st_mtim.tv_sec : tar_options.newest);
  if (member->type == '3' || member->type == '4') {
    put_octal(header.major, sizeof header.major, major(status->st_rdev));
    put_octal(header.minor, sizeof header.minor, minor(status->st_rdev));
  }
  for (size_t i = 0; i < member->xattrs.count; i++) {
    const struct tar_xattr *xattr = &member->xattrs.list[i];
    pax_record("SCHILY.xattr.", xattr->name, xattr->value, xattr->size);
  }
  if (pax.size > 0)
    write_pax();
  write_header(&header);
}
