#include "accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "paths.h"

#define MAX_ACCOUNTS (16u << 20)

int accounts_open(struct stage *stage, const char *path, struct accounts *accounts) {
  *accounts = (struct accounts){0};
  AUTO_CLOSE int fd = root_open(stage, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return 0;
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return blame(stage, "%s", path);
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return blame(stage, "%s is not a regular file", path);
  }
  size_t size;
  accounts->text = accounts->at = read_whole(fd, MAX_ACCOUNTS, &size);
  if (!accounts->text)
    return blame(stage, "%s", path);
  /* A NUL must not hide the rest of the file. */
  for (char *nul = accounts->text; (nul = memchr(nul, 0, size - (size_t)(nul - accounts->text)));)
    *nul = '?';
  return 0;
}

void accounts_close(struct accounts *accounts) {
  free(accounts->text);
  *accounts = (struct accounts){0};
}

enum id_kind parse_id(const char *text, uint32_t *id) {
  const char *digits = text + (*text == '-' || *text == '+');
  size_t size = strlen(digits);
  if (size == 0 || strspn(digits, "0123456789") != size)
    return ID_NOT_A_NUMBER;
  errno = 0;
  unsigned long long value = strtoull(digits, NULL, 10);
  if (errno || value > INT32_MAX || (*text == '-' && value > 0))
    return ID_OUT_OF_RANGE;
  *id = (uint32_t)value;
  return ID_VALID;
}

/* Splits the next line that has at least `least` fields at its colons; absent ones are "". */
static bool next_fields(struct accounts *accounts, char **fields, int count, int least) {
  while (accounts->at && *accounts->at) {
    char *line = accounts->at + strspn(accounts->at, " \t\r\n");
    char *end = line + strcspn(line, "\n");
    accounts->at = *end ? end + 1 : end;
    *end = 0;
    int found = 0;
    for (char *field = line; found < count; field = strchr(field, 0) + 1) {
      char *colon = strchr(field, ':');
      fields[found++] = field;
      if (!colon)
        break;
      *colon = 0;
    }
    if (found < least)
      continue;
    for (; found < count; found++)
      fields[found] = end;
    return true;
  }
  return false;
}

bool next_user(struct accounts *accounts, struct user_entry *entry) {
  char *fields[7];
  while (next_fields(accounts, fields, 7, 4))
    if (parse_id(fields[2], &entry->uid) == ID_VALID && parse_id(fields[3], &entry->gid) == ID_VALID) {
      entry->name = fields[0];
      entry->home = fields[5];
      return true;
    }
  return false;
}

bool next_group(struct accounts *accounts, struct group_entry *entry) {
  char *fields[4];
  while (next_fields(accounts, fields, 4, 3))
    if (parse_id(fields[2], &entry->gid) == ID_VALID) {
      entry->name = fields[0];
      entry->members = fields[3];
      entry->members[strcspn(entry->members, " \t\r")] = 0;
      return true;
    }
  return false;
}

bool is_member(const struct group_entry *group, const char *user) {
  size_t size = strlen(user);
  for (const char *at = group->members; *at; at += strcspn(at, ","), at += *at == ',')
    if (size > 0 && strncmp(at, user, size) == 0 && (at[size] == ',' || at[size] == 0))
      return true;
  return false;
}
