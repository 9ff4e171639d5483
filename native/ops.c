#include "ops.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `clone`, `signal-child` and `await-host` belong to the plan itself (plan.c) and have no function here.
 * Fields: u u32, U u64, b bool, s string, B bytes, S strings; encode.test.ts compares them with `layout`. */
static const struct kind {
  const char *fields;
  int (*perform)(struct stage *stage, struct reader *in);
} kinds[] = {
    [OP_MKDIR] = {"su", op_mkdir},
    [OP_WRITE] = {"ss", op_write},
    [OP_WRITE_PID] = {"s", op_write_pid},
    [OP_WRITE_PROC] = {"ss", op_write_proc},
    [OP_CLONE] = {"Us", NULL},
    [OP_SIGNAL_CHILD] = {"", NULL},
    [OP_AWAIT_HOST] = {"", NULL},
    [OP_SETNS] = {"su", op_setns},
    [OP_JOIN] = {"usu", op_join},
    [OP_UNSHARE] = {"u", op_unshare},
    [OP_DEVICE_FILTER] = {"sB", op_device_filter},
    [OP_PROPAGATION] = {"sU", op_propagation},
    [OP_MOUNT_ROOT] = {"sssUss", op_mount_root},
    [OP_BIND_ROOT] = {"ss", op_bind_root},
    [OP_ROOT] = {"s", op_root},
    [OP_MOUNT] = {"sssUsb", op_mount},
    [OP_BIND] = {"ssbUUbUssss", op_bind},
    [OP_MOUNT_ATTR] = {"sUUb", op_mount_attr},
    [OP_MKNOD] = {"ssuuuuu", op_mknod},
    [OP_SYMLINK] = {"ss", op_symlink},
    [OP_MKDIR_IN_ROOT] = {"suuu", op_mkdir_in_root},
    [OP_MASK] = {"s", op_mask},
    [OP_READONLY] = {"s", op_readonly},
    [OP_PIVOT] = {"", op_pivot},
    [OP_HOLD_SOURCE] = {"sb", op_hold_source},
    [OP_HOSTNAME] = {"s", op_hostname},
    [OP_DOMAINNAME] = {"s", op_domainname},
    [OP_SYSCTL] = {"ss", op_sysctl},
    [OP_RLIMIT] = {"uss", op_rlimit},
    [OP_CONSOLE] = {"uu", op_console},
    [OP_KEYRING] = {"s", op_keyring},
    [OP_ENV] = {"S", op_env},
    [OP_USER] = {"sS", op_user},
    [OP_CREDENTIALS] = {"sssss", op_credentials},
    [OP_NO_NEW_PRIVS] = {"", op_no_new_privs},
    [OP_SECCOMP] = {"Bu", op_seccomp},
    [OP_CHDIR] = {"sb", op_chdir},
    [OP_UMASK] = {"u", op_umask},
    [OP_EXEC] = {"S", op_exec},
    [OP_VETH] = {"ssssubbus", op_veth},
    [OP_BRIDGE] = {"ssu", op_bridge},
    [OP_LINK] = {"sbus", op_link},
    [OP_ADDRESS] = {"ss", op_address},
    [OP_ROUTE] = {"sssb", op_route},
    [OP_LINK_DELETE] = {"s", op_link_delete},
    [OP_ROUTE_DELETE] = {"ss", op_route_delete},
    [OP_POPULATE] = {"sssbuuu", op_populate},
    [OP_FUSE_SERVE] = {"ssS", op_fuse_serve},
    [OP_FUSE_ROOT] = {"s", op_fuse_root},
    [OP_SUBVOLUME_CREATE] = {"s", op_subvolume_create},
    [OP_SUBVOLUME_SNAPSHOT] = {"ss", op_subvolume_snapshot},
    [OP_SUBVOLUME_DELETE] = {"s", op_subvolume_delete},
    [OP_SUBVOLUME_LIMIT] = {"sU", op_subvolume_limit},
    [OP_MOUNT_IMAGE] = {"sssUs", op_mount_image},
    [OP_MACVLAN] = {"ssssuus", op_macvlan},
    [OP_IPVLAN] = {"ssssuus", op_ipvlan},
    [OP_VLAN] = {"ssu", op_vlan},
    [OP_DUMMY] = {"s", op_dummy},
};

static const struct kind *kind_of(uint16_t code) {
  return code < sizeof kinds / sizeof *kinds && kinds[code].fields ? &kinds[code] : NULL;
}

int blame(struct stage *stage, const char *format, ...) {
  int saved = errno;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(stage->detail, sizeof stage->detail, format, arguments);
  va_end(arguments);
  errno = saved;
  return -1;
}

const char *reason_of(int error) {
  static char text[64];
  snprintf(text, sizeof text, "%s", strerror(error));
  text[0] = (char)tolower((unsigned char)text[0]);
  return text;
}

struct operation next_operation(struct reader *list, uint32_t index) {
  struct operation operation = {.index = index, .code = read_u16(list)};
  uint8_t side = read_u8(list), flags = read_u8(list);
  if (side > 1 || flags > 1)
    list->failed = true;
  operation.inside = side == 1;
  operation.optional = flags & 1;
  uint32_t size;
  const uint8_t *payload = read_bytes(list, &size);
  operation.payload = reader_of(payload, payload ? size : 0);
  return operation;
}

static void skip_strings(struct reader *in) {
  for (uint32_t left = read_u32(in); left > 0 && !in->failed; left--)
    read_string(in, NULL);
}

static bool well_formed(const struct kind *kind, struct reader in) {
  uint32_t size;
  for (const char *field = kind->fields; *field; field++)
    switch (*field) {
    case 'u':
      read_u32(&in);
      break;
    case 'U':
      read_u64(&in);
      break;
    case 'b':
      read_bool(&in);
      break;
    case 's':
      read_string(&in, NULL);
      break;
    case 'B':
      read_bytes(&in, &size);
      break;
    case 'S':
      skip_strings(&in);
      break;
    }
  return reader_done(&in);
}

/* What of the operations so far decides whether the next is possible. */
struct shape {
  bool cloned, executed;
  uint32_t signals, awaits;
};

static const char *misplaced(struct shape *shape, const struct operation *operation) {
  if (operation->inside && shape->executed)
    return "an operation behind exec";
  switch (operation->code) {
  case OP_CLONE:
    if (operation->inside || shape->cloned)
      return "a second clone";
    shape->cloned = true;
    return NULL;
  case OP_FUSE_SERVE:
    return operation->inside || shape->cloned ? "fuse-serve belongs to the host, before clone" : NULL;
  case OP_SIGNAL_CHILD:
    shape->signals++;
    return operation->inside || !shape->cloned ? "signal-child belongs to the host, after clone" : NULL;
  case OP_AWAIT_HOST:
    shape->awaits++;
    return operation->inside ? NULL : "await-host belongs inside";
  case OP_EXEC:
    shape->executed = true;
    return operation->inside ? NULL : "exec belongs inside";
  }
  return NULL;
}

static const char *impossible(const struct shape *shape, bool inside) {
  if (inside && !shape->cloned)
    return "operations inside without a clone";
  return shape->signals != shape->awaits ? "signal-child and await-host do not match" : NULL;
}

int list_check(const uint8_t *list, size_t size, uint32_t *index, const char **reason) {
  struct reader reader = reader_of(list, size);
  uint32_t count = read_u32(&reader);
  struct shape shape = {0};
  bool inside = false;
  errno = EBADMSG;
  for (uint32_t i = 0; i < count && !reader.failed; i++) {
    struct operation operation = next_operation(&reader, i);
    const struct kind *kind = kind_of(operation.code);
    inside = inside || operation.inside;
    *index = i;
    if (reader.failed || !kind)
      *reason = reader.failed ? "truncated operation" : "unknown operation";
    else if (!well_formed(kind, operation.payload))
      *reason = "malformed operation";
    else
      *reason = misplaced(&shape, &operation);
    if (*reason)
      return -1;
  }
  *index = UINT32_MAX;
  *reason = reader_done(&reader) ? impossible(&shape, inside) : "truncated or oversized list";
  return *reason ? -1 : 0;
}

/* The first text of an operation is its path, name or target: what a reader of the error wants to know. */
static void default_detail(struct stage *stage, const struct kind *kind, struct reader in) {
  stage->detail[0] = 0;
  if (kind->fields[0] == 's')
    blame(stage, "%s", read_string(&in, NULL));
}

int perform(struct stage *stage, const struct operation *operation) {
  const struct kind *kind = kind_of(operation->code);
  struct reader payload = operation->payload;
  stage->index = operation->index;
  default_detail(stage, kind, payload);
  if (kind->perform(stage, &payload) == 0)
    return 0;
  if (!operation->optional)
    return -1;
  stage->warn(stage, errno, stage->detail);
  return 0;
}
