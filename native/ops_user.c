/* Docker's --user and --group-add, looked up as github.com/moby/sys/user GetExecUser does:
 * a name is looked for in the container's files, a number may be missing there; without an explicit group the
 * user's own comes with the groups that list the user as member. The primary group is always in the list too
 * (CVE-2022-36109). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "files.h"
#include "ops.h"

#define MAX_GROUPS 65536 /* NGROUPS_MAX */

static int out_of_range(struct stage *stage) {
  errno = EINVAL;
  return blame(stage, "uids and gids must be in range 0-2147483647");
}

static int not_found(struct stage *stage, const char *what, const char *name, const char *file) {
  errno = EINVAL;
  return blame(stage, "unable to find %s %.150s: no matching entries in %s file", what, name, file);
}

static int add_group(struct identity *identity, gid_t gid) {
  for (size_t i = 0; i < identity->group_count; i++)
    if (identity->groups[i] == gid)
      return 0;
  size_t count = identity->group_count;
  if (count == MAX_GROUPS) {
    errno = EINVAL;
    return -1;
  }
  if ((count & (count - 1)) == 0) {
    gid_t *grown = realloc(identity->groups, (count ? count * 2 : 1) * sizeof *grown);
    if (!grown)
      return -1;
    identity->groups = grown;
  }
  identity->groups[identity->group_count++] = gid;
  return 0;
}

/* Finds `user` ("" is uid 0). *name becomes the matched user's name, to be freed, or stays NULL. */
static int find_user(struct stage *stage, const char *user, char **name) {
  struct identity *identity = &stage->identity;
  uint32_t uid = 0;
  enum id_kind kind = *user ? parse_id(user, &uid) : ID_VALID;
  if (kind == ID_OUT_OF_RANGE)
    return out_of_range(stage);
  struct accounts passwd;
  struct user_entry entry;
  if (accounts_open(stage, "/etc/passwd", &passwd) != 0)
    return -1;
  bool found = false;
  while (!found && next_user(&passwd, &entry))
    found = kind == ID_VALID ? entry.uid == uid : strcmp(entry.name, user) == 0;
  identity->uid = found ? entry.uid : uid;
  identity->gid = found ? entry.gid : 0;
  identity->home = strdup(found && *entry.home ? entry.home : "/");
  *name = found ? strdup(entry.name) : NULL;
  accounts_close(&passwd);
  if (!identity->home || (found && !*name))
    return -1;
  return found || kind == ID_VALID ? 0 : not_found(stage, "user", user, "passwd");
}

/* An entry of /etc/group by name or number; a number needs none. */
static int find_group(struct stage *stage, const char *group, gid_t *gid) {
  enum id_kind kind = parse_id(group, gid);
  if (kind != ID_NOT_A_NUMBER)
    return kind == ID_VALID ? 0 : out_of_range(stage);
  struct accounts file;
  struct group_entry entry = {0};
  if (accounts_open(stage, "/etc/group", &file) != 0)
    return -1;
  bool found = false;
  while (!found && next_group(&file, &entry))
    found = strcmp(entry.name, group) == 0;
  accounts_close(&file);
  *gid = entry.gid;
  return found ? 0 : not_found(stage, "group", group, "group");
}

static int add_memberships(struct stage *stage, const char *user) {
  struct accounts file;
  struct group_entry entry;
  if (accounts_open(stage, "/etc/group", &file) != 0)
    return -1;
  int result = 0;
  while (result == 0 && next_group(&file, &entry))
    if (is_member(&entry, user))
      result = add_group(&stage->identity, entry.gid);
  accounts_close(&file);
  return result;
}

static int find_identity(struct stage *stage, const char *user, const char *group, char **more) {
  struct identity *identity = &stage->identity;
  AUTO_FREE char *name = NULL;
  if (find_user(stage, user, &name) != 0 || (*group && find_group(stage, group, &identity->gid) != 0))
    return -1;
  if (add_group(identity, identity->gid) != 0 || (!*group && name && add_memberships(stage, name) != 0))
    return -1;
  for (gid_t gid; *more; more++)
    if (find_group(stage, *more, &gid) != 0 || add_group(identity, gid) != 0)
      return -1;
  return 0;
}

static void forget_identity(struct stage *stage) {
  free(stage->identity.groups);
  free(stage->identity.home);
  stage->identity = (struct identity){0};
}

/* `spec`: user or user:group. */
static int identify(struct stage *stage, const char *spec, char **groups) {
  AUTO_FREE char *user = strdup(spec);
  if (!user)
    return -1;
  forget_identity(stage);
  char *colon = strchr(user, ':');
  if (colon)
    *colon = 0;
  return find_identity(stage, user, colon ? colon + 1 : "", groups);
}

int find_user_ids(struct stage *stage, const char *user, uid_t *uid, gid_t *gid) {
  char *no_groups[] = {NULL};
  if (identify(stage, user, no_groups) != 0)
    return -1;
  *uid = stage->identity.uid;
  *gid = stage->identity.gid;
  forget_identity(stage);
  return 0;
}

int op_user(struct stage *stage, struct reader *in) {
  const char *user = read_string(in, NULL);
  AUTO_FREE char **groups = read_strings(in, NULL);
  return groups ? identify(stage, user, groups) : -1;
}
