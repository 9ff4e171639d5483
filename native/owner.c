#include "owner.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "fail.h"
#include "files.h"

static void find_user(struct stage *stage, const char *name, uint32_t *uid, uint32_t *gid) {
  struct accounts file;
  struct user_entry entry;
  bool number = parse_id(name, uid) == ID_VALID, found = false;
  if (accounts_open(stage, "/etc/passwd", &file) != 0)
    fail_errno("open /etc/passwd");
  while (!found && next_user(&file, &entry))
    found = number ? entry.uid == *uid : strcmp(entry.name, name) == 0;
  if (!found && !number)
    fail("unable to find user %.150s: no matching entries in passwd file", name);
  if (found) {
    *uid = entry.uid;
    *gid = entry.gid;
  }
  accounts_close(&file);
}

static void find_group(struct stage *stage, const char *name, uint32_t *gid) {
  struct accounts file;
  struct group_entry entry;
  bool found = parse_id(name, gid) == ID_VALID;
  if (accounts_open(stage, "/etc/group", &file) != 0)
    fail_errno("open /etc/group");
  while (!found && next_group(&file, &entry)) {
    found = strcmp(entry.name, name) == 0;
    *gid = entry.gid;
  }
  if (!found)
    fail("unable to find group %.150s: no matching entries in group file", name);
  accounts_close(&file);
}

void find_owner(struct stage *stage, const char *owner, uint32_t *uid, uint32_t *gid) {
  AUTO_FREE char *user = strdup(owner);
  if (user == NULL)
    fail("out of memory");
  char *colon = strchr(user, ':');
  if (colon != NULL)
    *colon = '\0';
  if (*user != '\0')
    find_user(stage, user, uid, gid);
  if (colon != NULL && colon[1] != '\0')
    find_group(stage, colon + 1, gid);
}
