/* What the daemon and a shim say to each other: src/shim/protocol.ts in C. The TypeScript file explains the
 * messages. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum event_code {
  EVENT_LISTENING = 1,
  EVENT_STARTED = 2,
  EVENT_FAILED = 3,
  EVENT_EXITED = 4,
  EVENT_OOM = 5,
  EVENT_EXEC_EXITED = 6,
  EVENT_WARNING = 7,
};

enum request_code {
  REQUEST_WATCH = 1,
  REQUEST_ATTACH = 2,
  REQUEST_EXEC = 3,
  REQUEST_RESIZE = 4,
  REQUEST_SIGNAL = 5,
  REQUEST_NAMES = 6,
};

enum attach_flags {
  WANT_STDIN = 1,
  WANT_STDOUT = 2,
  WANT_STDERR = 4,
  WANT_HOLD = 8,
  WANT_TTY = 16,
  WANT_STREAMS = WANT_STDIN | WANT_STDOUT | WANT_STDERR,
};

enum status { STATUS_OK = 0, STATUS_ERROR = 1 };

/* Docker's frame types, first byte of the 8 byte header. */
enum stream_type { STREAM_STDOUT = 1, STREAM_STDERR = 2 };

/* A launch or a request larger than this is refused. */
#define MESSAGE_MAX (4u << 20)

/* Launch of protocol.ts; strings point into the message. */
struct launch {
  const char *id, *socket_path, *state_path, *exit_path, *log_path;
  uint64_t log_max_size;
  uint32_t log_max_files;
  const char *log_extra;
  bool tty, open_stdin, stdin_once;
  uint32_t expect_attach;
  const char *memory_cgroup;
  uint32_t cgroup_version;
  const char *names_path;
};

/* -- the connection on which queries for names go to the daemon (`names` of protocol.ts) */

/* How the container asked. */
enum names_transport { NAMES_UDP = 0, NAMES_TCP = 1 };

/* What an answer is good for while the daemon is away. */
enum names_keep { NAMES_KEEP_NOT = 0, NAMES_KEEP_SAME = 1, NAMES_KEEP_QUESTION = 2 };

/* Bytes of a DNS message: of a query, of an answer, of an answer that is kept. */
#define NAMES_QUERY_MAX 1232
#define NAMES_ANSWER_MAX 65000
#define NAMES_KEPT_MAX 512
