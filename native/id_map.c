#include "id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "files.h"
#include "kernel.h"

#define ALL_IDS 4294967295u /* 2^32 - 1 is no id */

/* What the holder of a new user namespace says: two descriptors, or why not. */
struct holding {
  int process;    /* its directory of /proc */
  int name_space; /* its user namespace */
  int error;
};

/* Runs with the descriptors of its maker, who could not name it by a number: /proc may be of another pid
 * namespace. */
static _Noreturn void hold_namespace(int answer) {
  struct holding holding = {.process = -1, .name_space = -1};
  holding.process = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (holding.process >= 0 && unshare(CLONE_NEWUSER) == 0)
    holding.name_space = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
  holding.error = holding.name_space < 0 ? errno : 0;
  if (write_all(answer, &holding, sizeof holding) == 0)
    for (;;)
      pause();
  _exit(1);
}

static int write_map(int process, const char *name, const char *lines) {
  AUTO_CLOSE int fd = openat(process, name, O_WRONLY | O_CLOEXEC);
  return fd < 0 ? -1 : write_all(fd, lines, strlen(lines));
}

/* The user namespace of `holding`, with its maps; the descriptors are ours from here on. */
static int take_namespace(const struct holding *holding, const char *uids, const char *gids) {
  AUTO_CLOSE int process = holding->process;
  AUTO_CLOSE int name_space = holding->name_space;
  if (holding->error) {
    errno = holding->error;
    return -1;
  }
  if (write_map(process, "uid_map", uids) != 0 || write_map(process, "gid_map", gids) != 0)
    return -1;
  return keep_fd(&name_space);
}

static void end_holder(pid_t pid) {
  int saved = errno;
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    ;
  errno = saved;
}

static int make_namespace(const char *uids, const char *gids) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return -1;
  AUTO_CLOSE int question = ends[0];
  AUTO_CLOSE int answer = ends[1];
  struct clone_args arguments = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
  pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0)
    hold_namespace(answer);
  struct holding holding;
  if (pid < 0)
    return -1;
  int result = read_exactly(question, &holding, sizeof holding);
  int name_space = result == 0 ? take_namespace(&holding, uids, gids) : -1;
  end_holder(pid);
  return name_space;
}

int id_map_mount(struct stage *stage, int tree, bool recursive, const char *uids, const char *gids) {
  AUTO_CLOSE int name_space = make_namespace(uids, gids);
  if (name_space < 0)
    return blame(stage, "making a user namespace for the id mapping");
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)name_space};
  if (sys_mount_setattr(tree, AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes) == 0)
    return 0;
  return errno == EINVAL ? blame(stage, "its file system has no id-mapped mounts") : -1;
}

static int append(char text[ID_MAP_SIZE], int used, uint32_t from, uint32_t to, uint32_t count) {
  if (count == 0)
    return used;
  return used + snprintf(text + used, ID_MAP_SIZE - (size_t)used, "%u %u %u\n", from, to, count);
}

void id_map_exchange(char text[ID_MAP_SIZE], id_t one, id_t other) {
  uint32_t low = one < other ? one : other, high = one < other ? other : one;
  int used = append(text, 0, 0, 0, low);
  if (low < high) {
    used = append(text, used, low, high, 1);
    used = append(text, used, low + 1, low + 1, high - low - 1);
  }
  used = append(text, used, high, low, 1);
  append(text, used, high + 1, high + 1, ALL_IDS - high - 1);
}

int id_map_owner(struct stage *stage, int tree, bool recursive, const char *user) {
  struct stat owner;
  uid_t uid;
  gid_t gid;
  if (fstat(tree, &owner) != 0 || find_user_ids(stage, user, &uid, &gid) != 0)
    return -1;
  if (owner.st_uid == uid && owner.st_gid == gid)
    return 0;
  char uids[ID_MAP_SIZE], gids[ID_MAP_SIZE];
  id_map_exchange(uids, owner.st_uid, uid);
  id_map_exchange(gids, owner.st_gid, gid);
  return id_map_mount(stage, tree, recursive, uids, gids);
}
