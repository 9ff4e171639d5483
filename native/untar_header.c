#define _GNU_SOURCE
#include "untar.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* POSIX ustar, and where GNU's own format differs: see tar(5). */
struct header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
  char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

/* Everything the special headers before a member said about it. */
struct pending {
  char *long_name, *long_link, *pax_text;
  struct pax pax;
};

static int64_t base256(const uint8_t *field, size_t size) {
  bool negative = (field[0] & 0x40) != 0;
  uint64_t value = negative ? UINT64_MAX : 0;
  for (size_t i = 0; i < size; i++) {
    uint8_t byte = i > 0 ? field[i] : negative ? field[i] : field[i] & 0x7f;
    if ((value >> 55) != (negative ? 0x1ff : 0))
      fail(INVALID_HEADER);
    value = value << 8 | byte;
  }
  return (int64_t)value;
}

int64_t header_signed_number(const uint8_t *field, size_t size) {
  if (field[0] & 0x80)
    return base256(field, size);
  size_t i = 0;
  while (i < size && field[i] == ' ')
    i++;
  uint64_t value = 0;
  for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
    value = value << 3 | (uint64_t)(field[i] - '0');
  for (; i < size; i++)
    if (field[i] != ' ' && field[i] != '\0')
      fail(INVALID_HEADER);
  return (int64_t)value;
}

uint64_t header_number(const uint8_t *field, size_t size) {
  int64_t value = header_signed_number(field, size);
  if (value < 0)
    fail(INVALID_HEADER);
  return (uint64_t)value;
}

#define NUMBER(field) header_number((const uint8_t *)(field), sizeof(field))

/* Some old programs summed signed characters. */
static void check_sum(const struct header *header) {
  const uint8_t *bytes = (const uint8_t *)header;
  int64_t plain = 0, with_sign = 0;
  for (size_t i = 0; i < BLOCK; i++) {
    bool inside = i >= offsetof(struct header, checksum) && i < offsetof(struct header, type);
    plain += inside ? ' ' : bytes[i];
    with_sign += inside ? ' ' : (int8_t)bytes[i];
  }
  int64_t stored = header_signed_number((const uint8_t *)header->checksum, sizeof header->checksum);
  if (stored != plain && stored != with_sign)
    fail(INVALID_HEADER);
}

static bool is_zero(const uint8_t *block) {
  for (size_t i = 0; i < BLOCK; i++)
    if (block[i] != 0)
      return false;
  return true;
}

/* The body of a special header, NUL-terminated. */
static char *read_special(uint64_t size) {
  if (size > SPECIAL_MAX)
    fail(INVALID_HEADER);
  char *text = malloc(size + 1);
  if (text == NULL)
    fail("out of memory");
  reader_exact(text, size);
  text[size] = '\0';
  reader_padding(size);
  return text;
}

static bool read_member_header(struct header *header, struct pending *pending) {
  for (;;) {
    const uint8_t *block = reader_block();
    if (block == NULL)
      return false;
    if (is_zero(block)) {
      block = reader_block();
      if (block == NULL || is_zero(block))
        return false;
      fail(INVALID_HEADER);
    }
    memcpy(header, block, BLOCK);
    check_sum(header);
    uint64_t size = NUMBER(header->size);
    switch (header->type) {
    case 'L':
      free(pending->long_name);
      pending->long_name = read_special(size);
      break;
    case 'K':
      free(pending->long_link);
      pending->long_link = read_special(size);
      break;
    case 'x':
    case 'X':
      /* Two in a row would leave strings of the first behind. */
      if (pending->pax_text != NULL)
        fail(INVALID_HEADER);
      pending->pax_text = read_special(size);
      pax_parse(&pending->pax, pending->pax_text, size);
      break;
    case 'g': /* Docker ignores global records too. */
    case 'V':
      if (size > SPECIAL_MAX)
        fail(INVALID_HEADER);
      reader_skip(size);
      reader_padding(size);
      break;
    default:
      return true;
    }
  }
}

void header_clean_name(char *to, const char *name, const char *what) {
  size_t length = 0;
  bool absolute = *name == '/';
  for (const char *at = name; *at != '\0';) {
    size_t part = strcspn(at, "/");
    const char *next = at + part + (at[part] == '/');
    if (part == 2 && at[0] == '.' && at[1] == '.') {
      if (length == 0 && !absolute && options.into != NULL)
        fail("\"%s\" is outside of \"/%s\"", name, options.into);
      if (length == 0 && !absolute)
        fail("invalid %s %s: outside of the root directory", what, name);
      while (length > 0 && to[--length] != '/')
        ;
    } else if (part > 0 && !(part == 1 && at[0] == '.')) {
      if (length + part + 1 > NAME_LIMIT)
        fail("%s too long: %.64s…", what, name);
      if (length > 0)
        to[length++] = '/';
      memcpy(to + length, at, part);
      length += part;
    }
    at = next;
  }
  to[length] = '\0';
}

static void copy_field(char *to, const char *field, size_t size) {
  size_t length = strnlen(field, size);
  memcpy(to, field, length);
  to[length] = '\0';
}

/* pax wins over GNU long names, which win over the header's own fields. */
static void set_names(struct entry *entry, const struct header *header, const struct pending *pending) {
  char name[sizeof header->prefix + sizeof header->name + 2] = "", link[sizeof header->link + 1];
  if (memcmp(header->magic, "ustar", 6) == 0 && header->prefix[0] != '\0') {
    copy_field(name, header->prefix, sizeof header->prefix);
    strcat(name, "/");
  }
  copy_field(name + strlen(name), header->name, sizeof header->name);
  copy_field(link, header->link, sizeof header->link);
  const char *from = pending->pax.sparse_name ? pending->pax.sparse_name
                     : pending->pax.path      ? pending->pax.path
                     : pending->long_name     ? pending->long_name
                                              : name;
  const char *to = pending->pax.linkpath ? pending->pax.linkpath
                   : pending->long_link  ? pending->long_link
                                         : link;
  size_t length = strlen(from);
  /* As Go: only the type of V7's time, which had none for directories. */
  if (header->type == '\0' && length > 0 && from[length - 1] == '/')
    entry->type = '5';
  header_clean_name(entry->name, from, "name");
  if (entry->type == '1') {
    header_clean_name(entry->link, to, "hard link target");
  } else if (entry->type == '2') {
    if (strlen(to) > NAME_LIMIT)
      fail("link target too long: %.64s…", to);
    strcpy(entry->link, to);
  }
}

static void set_owner_and_times(struct entry *entry, const struct header *header, const struct pax *pax) {
  uint64_t uid = pax->has_uid ? pax->uid : NUMBER(header->uid);
  uint64_t gid = pax->has_gid ? pax->gid : NUMBER(header->gid);
  if (uid >= UINT32_MAX || gid >= UINT32_MAX)
    fail("%s: owner %llu:%llu is out of range", entry->name, (unsigned long long)uid,
         (unsigned long long)gid);
  entry->uid = (uid_t)uid;
  entry->gid = (gid_t)gid;
  entry->mode = (mode_t)(NUMBER(header->mode) & 07777);
  entry->mtime = (struct timespec){
      .tv_sec = header_signed_number((const uint8_t *)header->mtime, sizeof header->mtime), .tv_nsec = 0};
  if (pax->has_mtime)
    entry->mtime = pax->mtime;
}

static void set_data(struct entry *entry, const struct header *header, const struct pax *pax) {
  entry->stored = pax->has_size ? pax->size : NUMBER(header->size);
  if (entry->type >= '1' && entry->type <= '6')
    entry->stored = 0; /* as Go: these have no data whatever the size field says */
  if (entry->stored > INT64_MAX)
    fail(INVALID_HEADER);
  entry->size = entry->stored;
  if (header->type == 'S') {
    entry->sparse = true;
    entry->size = header_number((const uint8_t *)header + 483, 12);
    sparse_read_old((const uint8_t *)header);
  } else if (pax->sparse && entry->type == '0') {
    entry->sparse = true;
    if (!pax->has_sparse_size)
      fail(INVALID_HEADER);
    entry->size = pax->sparse_size;
    if (pax->sparse_major == 1)
      entry->stored -= sparse_read_data_map(entry->stored);
  }
  if (entry->sparse)
    sparse_finish(entry);
}

bool header_next(struct entry *entry) {
  static struct pending pending;
  free(pending.long_name);
  free(pending.long_link);
  free(pending.pax_text);
  memset(&pending, 0, sizeof pending);
  sparse_reset();
  struct header header;
  if (!read_member_header(&header, &pending))
    return false;
  entry->type = header.type == '\0' || header.type == '7' || header.type == 'S' ? '0' : header.type;
  if (entry->type < '0' || entry->type > '6')
    fail("unhandled tar header type %d", header.type);
  entry->sparse = false;
  set_names(entry, &header, &pending);
  set_owner_and_times(entry, &header, &pending.pax);
  set_data(entry, &header, &pending.pax);
  if (entry->type == '3' || entry->type == '4')
    entry->device = makedev((unsigned)NUMBER(header.major), (unsigned)NUMBER(header.minor));
  memcpy(entry->xattrs, pending.pax.xattrs, sizeof entry->xattrs[0] * pending.pax.xattr_count);
  entry->xattr_count = pending.pax.xattr_count;
  return true;
}
