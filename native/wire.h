/* The byte layout that src/linux/encode.ts writes and reads, little endian:
 *
 *   list      := u32 count, operation*
 *   operation := u16 code, u8 side (0 host, 1 inside), u8 flags (1 optional), u32 payload length, payload
 *   string    := u32 length, bytes, NUL (not counted)      bytes := u32 length, bytes
 *   strings   := u32 count, string*                        bool  := u8 (0 or 1)
 *
 * Reading never goes beyond the end: the first impossible value sets `failed`, after which every read returns
 * zero, "" or an empty list, so that a decoder reads all its fields and asks once (`reader_done`). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lists and messages longer than this are refused. */
#define WIRE_MAX (16u << 20)

/* The codes of `layout` in encode.ts; encode.test.ts compares the names and numbers. */
enum operation_code {
  OP_MKDIR = 1,
  OP_WRITE = 2,
  OP_WRITE_PID = 3,
  OP_WRITE_PROC = 4,
  OP_CLONE = 10,
  OP_SIGNAL_CHILD = 11,
  OP_AWAIT_HOST = 12,
  OP_SETNS = 13,
  OP_JOIN = 14,
  OP_UNSHARE = 15,
  OP_DEVICE_FILTER = 16,
  OP_PROPAGATION = 20,
  OP_MOUNT_ROOT = 21,
  OP_BIND_ROOT = 22,
  OP_ROOT = 23,
  OP_MOUNT = 24,
  OP_BIND = 25,
  OP_MOUNT_ATTR = 26,
  OP_MKNOD = 27,
  OP_SYMLINK = 28,
  OP_MKDIR_IN_ROOT = 29,
  OP_MASK = 30,
  OP_READONLY = 31,
  OP_PIVOT = 32,
  OP_HOLD_SOURCE = 33,
  OP_HOSTNAME = 40,
  OP_DOMAINNAME = 41,
  OP_SYSCTL = 42,
  OP_RLIMIT = 43,
  OP_CONSOLE = 44,
  OP_KEYRING = 45,
  OP_ENV = 46,
  OP_USER = 47,
  OP_CREDENTIALS = 48,
  OP_NO_NEW_PRIVS = 49,
  OP_SECCOMP = 50,
  OP_CHDIR = 51,
  OP_UMASK = 52,
  OP_EXEC = 53,
  OP_VETH = 60,
  OP_BRIDGE = 61,
  OP_LINK = 62,
  OP_ADDRESS = 63,
  OP_ROUTE = 64,
  OP_LINK_DELETE = 65,
  OP_ROUTE_DELETE = 66,
  OP_POPULATE = 71,
  OP_FUSE_SERVE = 80,
  OP_FUSE_ROOT = 81,
  OP_SUBVOLUME_CREATE = 82,
  OP_SUBVOLUME_SNAPSHOT = 83,
  OP_SUBVOLUME_DELETE = 84,
  OP_SUBVOLUME_LIMIT = 85,
  OP_MOUNT_IMAGE = 86,
  OP_MACVLAN = 90,
  OP_IPVLAN = 91,
  OP_VLAN = 92,
  OP_DUMMY = 93,
};

/* -- reading */

struct reader {
  const uint8_t *at, *end;
  bool failed;
};

struct reader reader_of(const void *data, size_t size);
/* True when nothing failed and everything was read. */
bool reader_done(const struct reader *reader);
size_t reader_left(const struct reader *reader);

uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
/* Anything but 0 and 1 fails. */
bool read_bool(struct reader *reader);
/* NUL-terminated, in place: valid as long as the buffer. A NUL inside fails. `size` may be NULL. Never NULL.
 */
const char *read_string(struct reader *reader, uint32_t *size);
/* In place; NULL only when it failed. */
const uint8_t *read_bytes(struct reader *reader, uint32_t *size);
/* A NULL-terminated array (of strings in place) to be freed with free(); NULL when it failed or memory is
 * out. `count` may be NULL. */
char **read_strings(struct reader *reader, uint32_t *count);

/* -- writing: grows by itself; out of memory (or beyond WIRE_MAX) sets `failed` and drops what follows */

struct writer {
  uint8_t *data;
  size_t size, capacity;
  bool failed;
};

void write_u8(struct writer *writer, uint8_t value);
void write_u16(struct writer *writer, uint16_t value);
void write_u32(struct writer *writer, uint32_t value);
void write_u64(struct writer *writer, uint64_t value);
void write_bool(struct writer *writer, bool value);
void write_string(struct writer *writer, const char *text);
void write_bytes(struct writer *writer, const void *data, uint32_t size);
/* A message is u32 length of what follows, then that. `mark` is what message_begin returned. */
size_t message_begin(struct writer *writer);
void message_end(struct writer *writer, size_t mark);
void writer_free(struct writer *writer);
