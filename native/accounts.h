/* The container's own /etc/passwd and /etc/group, which may hold anything: regular files, at most 16 MiB,
 * every number checked, lines that are not entries skipped. A missing file is an empty one. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "ops.h"

struct accounts {
  char *text; /* freed by accounts_close */
  char *at;
};

struct user_entry {
  const char *name, *home;
  uint32_t uid, gid;
};

struct group_entry {
  const char *name;
  uint32_t gid;
  char *members; /* comma-separated */
};

/* 0, or -1 with errno. */
int accounts_open(struct stage *stage, const char *path, struct accounts *accounts);
bool next_user(struct accounts *accounts, struct user_entry *entry);
bool next_group(struct accounts *accounts, struct group_entry *entry);
bool is_member(const struct group_entry *group, const char *user);
void accounts_close(struct accounts *accounts);

/* Docker's range of ids: 0 to 2^31-1. */
enum id_kind { ID_VALID, ID_OUT_OF_RANGE, ID_NOT_A_NUMBER };
enum id_kind parse_id(const char *text, uint32_t *id);
