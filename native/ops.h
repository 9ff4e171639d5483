/* The operations: one function each, called with its payload already known to be well-formed (see
 * `list_check`). They return 0, or -1 with errno set and, where the name of the thing is not enough, the text
 * of `blame`. */
#pragma once
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

#define DETAIL_SIZE 256

/* What `user` found. */
struct identity {
  uid_t uid;
  gid_t gid;
  gid_t *groups;
  size_t group_count;
  char *home; /* NULL: no `user` operation */
};

struct capabilities {
  uint64_t effective, permitted, inheritable;
};

struct program {
  char **argv, **env;
  char *path; /* argv[0] as found; NULL: the list has no `exec` */
  mode_t umask;
  struct sock_filter *filter;
  uint16_t filter_length;
  uint32_t filter_flags, filter_index;
  bool narrows; /* `final` holds what to leave to the program, after the filter is loaded */
  struct capabilities final;
};

/* The detached mount of a source; -1 once it is attached. */
struct held {
  const char *source;
  bool recursive;
  int tree;
};

/* One side of a plan while it performs its operations. Descriptors are -1 when absent. */
struct stage {
  bool inside;
  uint32_t index;      /* of the operation being performed */
  int channel;         /* to the other side */
  pid_t child;         /* host side, after clone */
  uint64_t namespaces; /* CLONE_NEW* flags of the clone */
  int root;            /* directory of all targets; opened as "/" when there is no `root` operation */
  /* Told of every directory that is made on the way to a path: O_PATH, and its path so far. 0, or -1 with
   * errno. NULL: nobody. */
  int (*made)(int directory, const char *path);
  bool own_root; /* the list had a `root` operation: this is a container being made, not one being joined */
  struct held *held; /* by `hold-source`, for the `bind` of the same */
  size_t held_count;
  int served;   /* detached mount that `fuse-serve` made and `fuse-root` attaches */
  pid_t server; /* who answers for it; 0: nobody */
  int server_output;
  int netlink;
  int joined; /* pidfd of the process that `join`, or a link for its namespace, named */
  pid_t joined_pid;
  int empty, null; /* what `mask` puts over directories and files */
  int console;     /* pty master */
  int stdio[3];
  bool no_new_privs;
  struct identity identity;
  struct program program;
  void (*warn)(struct stage *stage, int error, const char *detail);
  void *context;
  char detail[DETAIL_SIZE];
};

struct operation {
  uint32_t index;
  uint16_t code;
  bool inside, optional;
  struct reader payload;
};

/* Reads the next operation of a list whose count was read already. */
struct operation next_operation(struct reader *list, uint32_t index);

/* Every operation of the list has a known code and exactly the fields of its kind, and the list as a whole is
 * possible: at most one clone, nothing inside without it, as many `signal-child` as `await-host`, nothing
 * behind `exec`. 0, or -1 with errno, *index of the culprit (UINT32_MAX: the list itself) and *reason. */
int list_check(const uint8_t *list, size_t size, uint32_t *index, const char **reason);

/* Performs one operation; a failure of an optional one becomes a warning. */
int perform(struct stage *stage, const struct operation *operation);

/* Says what went wrong; the default is the operation's first text field. Returns -1 and leaves errno alone.
 */
int blame(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* strerror(3) as Docker's users know it: in lower case. Valid until the next call. */
const char *reason_of(int error);

#define OPERATION(name) int name(struct stage *stage, struct reader *in)
OPERATION(op_mkdir);
OPERATION(op_write);
OPERATION(op_write_pid);
OPERATION(op_write_proc);
OPERATION(op_setns);
OPERATION(op_join);
OPERATION(op_unshare);
OPERATION(op_device_filter);
OPERATION(op_propagation);
OPERATION(op_mount_root);
OPERATION(op_bind_root);
OPERATION(op_root);
OPERATION(op_mount);
OPERATION(op_bind);
OPERATION(op_mount_attr);
OPERATION(op_mknod);
OPERATION(op_symlink);
OPERATION(op_mkdir_in_root);
OPERATION(op_mask);
OPERATION(op_readonly);
OPERATION(op_pivot);
OPERATION(op_hold_source);
OPERATION(op_hostname);
OPERATION(op_domainname);
OPERATION(op_sysctl);
OPERATION(op_rlimit);
OPERATION(op_console);
OPERATION(op_keyring);
OPERATION(op_env);
OPERATION(op_user);
OPERATION(op_credentials);
OPERATION(op_no_new_privs);
OPERATION(op_seccomp);
OPERATION(op_chdir);
OPERATION(op_umask);
OPERATION(op_exec);
OPERATION(op_veth);
OPERATION(op_bridge);
OPERATION(op_link);
OPERATION(op_address);
OPERATION(op_route);
OPERATION(op_link_delete);
OPERATION(op_route_delete);
OPERATION(op_macvlan);
OPERATION(op_ipvlan);
OPERATION(op_vlan);
OPERATION(op_dummy);
OPERATION(op_populate);
OPERATION(op_fuse_serve);
OPERATION(op_fuse_root);
OPERATION(op_mount_image);
OPERATION(op_subvolume_limit);
OPERATION(op_subvolume_create);
OPERATION(op_subvolume_snapshot);
OPERATION(op_subvolume_delete);

/* The network namespace of a running process, made sure of as `join` does: a descriptor, or -1 with errno and
 * the detail. */
int open_network(struct stage *stage, pid_t pid, const char *start_time);
/* Lets go of what `hold-source` took and no `bind` has used. */
void release_held(struct stage *stage);
/* Becomes uid and gid 0 of the user namespace that was just entered. */
int become_root(void);
/* The last steps before execve: filter, then capabilities. -1 with errno and stage->index of the culprit. */
int restrict_program(struct stage *stage);
/* The ids of a user in the words of `user`, without groups. */
int find_user_ids(struct stage *stage, const char *user, uid_t *uid, gid_t *gid);
/* Adds what `user` knows to the environment of the program. */
int complete_environment(struct stage *stage);
