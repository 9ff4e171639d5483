#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "files.h"
#include "shim.h"
#include "shim_names.h"

/* A client with more than HIGH unsent holds the process up until it has less than LOW. */
#define HIGH (256u * 1024)
#define LOW (64u * 1024)
/* A client that takes nothing for this long no longer holds anything up; at the end it is dropped. */
#define STUCK_MS 10000
/* What is kept for a stuck client before it is dropped. */
#define STUCK_MAX (16u << 20)
#define WATCH_MAX (1u << 20)

static void client_ready(struct source *source, uint32_t events);

struct client *client_add(int fd, enum role role) {
  struct client *client = calloc(1, sizeof *client);
  if (!client)
    return NULL;
  loop_init(&client->source, fd, client_ready);
  client->role = role;
  client->next = shim.clients;
  shim.clients = client;
  client_update(client);
  return client;
}

static bool is_stream(const struct client *client) {
  return client->role == ROLE_ATTACH || client->role == ROLE_EXEC;
}

static bool gives_input(const struct client *client) {
  return is_stream(client) && client->process && (client->flags & WANT_STDIN);
}

static bool is_read(const struct client *client) {
  if (client->role == ROLE_REQUEST)
    return true;
  if (!is_stream(client) || !client->process || client->input_ended)
    return false;
  return !gives_input(client) || input_ready(client->process);
}

void client_update(struct client *client) {
  uint32_t events = (is_read(client) ? EPOLLIN : 0) | (client->queue.length > 0 ? EPOLLOUT : 0);
  loop_watch(&client->source, events ? events : EPOLLET); /* EPOLLET: only a hang-up, once */
}

bool client_blocks(const struct client *client) {
  return client->blocking && !client->lagging;
}

/* What follows when the client can give no more input. */
static void end_input(struct client *client) {
  if (client->input_ended)
    return;
  client->input_ended = true;
  if (gives_input(client) && client->process->close_input)
    input_end(client->process);
}

void client_close(struct client *client) {
  if (client->source.fd < 0)
    return;
  struct client **link = &shim.clients;
  while (*link != client)
    link = &(*link)->next;
  *link = client->next;
  loop_close(&client->source);
  queue_free(&client->queue);
  free(client->request);
  client->request = NULL;
  end_input(client);
  if (client == shim.daemon)
    shim.daemon = NULL;
  if (client->process)
    process_update(client->process);
  loop_free_later(client);
}

/* Nobody reads the output any more; input that was sent before still counts. */
static void lose_output(struct client *client) {
  client->output_dead = true;
  client->blocking = false;
  queue_free(&client->queue);
  if (!gives_input(client) || client->input_ended)
    client_close(client);
  else if (client->process)
    process_update(client->process);
}

static size_t limit_of(const struct client *client) {
  if (client->role == ROLE_WATCH)
    return WATCH_MAX;
  return client->lagging ? STUCK_MAX : SIZE_MAX;
}

void client_send(struct client *client, const struct iovec *parts, int count) {
  if (client->source.fd < 0 || client->output_dead)
    return;
  size_t total = 0;
  for (int i = 0; i < count; i++)
    total += parts[i].iov_len;
  bool waiting = client->queue.length > 0;
  ssize_t sent = waiting ? 0 : write_some(client->source.fd, parts, count);
  if (sent < 0) {
    lose_output(client);
    return;
  }
  if ((size_t)sent == total)
    return;
  if (!queue_append(&client->queue, parts, count, (size_t)sent) || client->queue.length > limit_of(client)) {
    client_close(client);
    return;
  }
  if (!waiting)
    client->progress = now_ms();
  if (client->queue.length > HIGH)
    client->blocking = true;
  client_update(client);
}

void client_reply(struct client *client, const char *error) {
  struct writer writer = {0};
  write_u8(&writer, error ? STATUS_ERROR : STATUS_OK);
  if (error)
    write_bytes(&writer, error, (uint32_t)strlen(error));
  struct iovec part = {writer.data, writer.size};
  if (!writer.failed)
    client_send(client, &part, 1);
  writer_free(&writer);
}

/* Closing with unread input would make the peer's reads fail before it has read everything. */
static void close_cleanly(struct client *client) {
  if (shutdown(client->source.fd, SHUT_RD) == 0)
    while (read(client->source.fd, transfer_buffer, TRANSFER_SIZE) > 0)
      ;
  client_close(client);
}

void client_finish(struct client *client) {
  if (client->source.fd < 0)
    return;
  client->closing = true;
  client->process = NULL;
  if (client->queue.length == 0)
    close_cleanly(client);
  else
    client_update(client);
}

void clients_finish(const struct process *process) {
  for (struct client *client = shim.clients, *next; client; client = next) {
    next = client->next;
    if (!client->closing && (!process || client->process == process))
      client_finish(client);
  }
}

static void flush(struct client *client) {
  ssize_t sent = queue_write(&client->queue, client->source.fd);
  if (sent < 0) {
    lose_output(client);
    return;
  }
  if (sent > 0) {
    client->progress = now_ms();
    client->lagging = false;
  }
  if (client->queue.length == 0 && client->closing) {
    close_cleanly(client);
    return;
  }
  client_update(client);
  if (client->blocking && client->queue.length < LOW) {
    client->blocking = false;
    if (client->process)
      process_update(client->process);
  }
}

static void read_input(struct client *client, bool gone) {
  ssize_t size = read(client->source.fd, transfer_buffer, TRANSFER_SIZE);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (size > 0) {
    if (gives_input(client))
      input_write(client->process, transfer_buffer, (size_t)size);
    return;
  }
  end_input(client);
  if (size < 0 || gone || client->output_dead)
    client_close(client);
  else
    client_update(client);
}

/* -- requests */

static void attach(struct client *client, const char *id, uint32_t flags) {
  struct process *process = process_find(id);
  if (process == &shim.container && process->state == PROCESS_DONE) {
    client_finish(client); /* as if it had come a moment later, when nobody listens */
    return;
  }
  if (!process || process->state == PROCESS_DONE || (!process->log && process->state < PROCESS_RUNNING)) {
    client_reply(client, "no such process");
    client_finish(client);
    return;
  }
  client->role = ROLE_ATTACH;
  client->process = process;
  client->flags = flags & (WANT_STREAMS | WANT_HOLD);
  client_reply(client, NULL);
  client_update(client);
  if (process->log) {
    shim.attached++;
    container_step();
  }
}

static void answer(struct client *client, const char *error) {
  client_reply(client, error);
  client_finish(client);
}

static void resize(struct client *client, const char *id, uint32_t rows, uint32_t columns) {
  struct process *process = process_find(id);
  if (process && process->state != PROCESS_DONE)
    process_set_size(process, rows, columns);
  answer(client, process ? NULL : "no such process");
}

static void send_signal(struct client *client, const char *id, uint32_t number) {
  struct process *process = process_find(id);
  if (!process || process_signal(process, (int)number) < 0)
    answer(client, process && errno != ESRCH ? strerror(errno) : "no such process");
  else
    answer(client, NULL);
}

static void serve_names(struct client *client, const char *path) {
  const char *step = "names";
  char error[ERROR_MAX];
  if (shim.container.state != PROCESS_RUNNING) {
    answer(client, "the container is not running");
  } else if (names_serve(path, &step) < 0) {
    snprintf(error, sizeof error, "%s: %s", step, strerror(errno));
    answer(client, error);
  } else {
    answer(client, NULL);
  }
}

static void watch(struct client *client) {
  client->role = ROLE_WATCH;
  client_update(client);
  event_now(client);
}

/* How many numbers follow the text (which all but `watch` begin with). */
static int numbers_of(uint8_t code) {
  return code == REQUEST_RESIZE ? 2 : code == REQUEST_ATTACH || code == REQUEST_SIGNAL ? 1 : 0;
}

static void dispatch(struct client *client) {
  struct reader reader = reader_of(client->request, client->request_size);
  uint8_t code = read_u8(&reader);
  const char *text = code == REQUEST_WATCH ? "" : read_string(&reader, NULL);
  if (code == REQUEST_EXEC && !reader.failed) {
    client->role = ROLE_EXEC;
    exec_begin(client, text, &reader);
    return;
  }
  uint32_t numbers[2] = {0};
  for (int i = 0; i < numbers_of(code); i++)
    numbers[i] = read_u32(&reader);
  if (!reader_done(&reader) || code < REQUEST_WATCH || code > REQUEST_NAMES)
    answer(client, "malformed request");
  else if (code == REQUEST_WATCH)
    watch(client);
  else if (code == REQUEST_ATTACH)
    attach(client, text, numbers[0]);
  else if (code == REQUEST_RESIZE)
    resize(client, text, numbers[0], numbers[1]);
  else if (code == REQUEST_SIGNAL)
    send_signal(client, text, numbers[0]);
  else
    serve_names(client, text);
}

/* Reads `*have` up to `size` bytes; false: not all of it is there, or the client is gone (and closed). */
static bool fill(struct client *client, uint8_t *to, size_t *have, size_t size) {
  while (*have < size) {
    ssize_t n = read(client->source.fd, to + *have, size - *have);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return false;
    if (n <= 0) {
      client_close(client);
      return false;
    }
    *have += (size_t)n;
  }
  return true;
}

static bool begin_request(struct client *client) {
  if (client->request)
    return true;
  if (!fill(client, client->header, &client->header_size, sizeof client->header))
    return false;
  struct reader reader = reader_of(client->header, sizeof client->header);
  client->request_size = read_u32(&reader);
  bool fits = client->request_size > 0 && client->request_size <= MESSAGE_MAX;
  client->request = fits ? malloc(client->request_size) : NULL;
  if (!client->request)
    client_close(client);
  return client->request != NULL;
}

/* Reads not a byte more than the request: what follows is the process's input. */
static void read_request(struct client *client) {
  if (!begin_request(client) || !fill(client, client->request, &client->request_have, client->request_size))
    return;
  dispatch(client);
  free(client->request);
  client->request = NULL;
}

static void client_ready(struct source *source, uint32_t events) {
  struct client *client = (struct client *)source;
  shim.dirty = true;
  if (client->role == ROLE_REQUEST) {
    read_request(client);
    return;
  }
  if (events & EPOLLOUT)
    flush(client);
  if (source->fd < 0)
    return;
  bool gone = events & (EPOLLHUP | EPOLLERR);
  if (is_read(client)) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
      read_input(client, gone);
  } else if (gone) {
    lose_output(client);
  }
}

/* -- the socket */

static void accept_clients(struct source *source, uint32_t events) {
  (void)events;
  for (;;) {
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
      return;
    struct client *client = client_add(fd, ROLE_REQUEST);
    if (client)
      read_request(client);
    else
      close(fd);
  }
}

/* Bound at a path, not in the abstract name space that containers with the host's network share
 * (CVE-2020-15257). */
int connection_listen(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(shim.launch.socket_path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, shim.launch.socket_path);
  AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || (unlink(address.sun_path) < 0 && errno != ENOENT))
    return -1;
  mode_t mask = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  if (bound < 0 || listen(fd, 128) < 0)
    return -1;
  loop_init(&shim.listener, keep_fd(&fd), accept_clients);
  loop_watch(&shim.listener, EPOLLIN);
  return 0;
}

/* -- time */

static bool must_leave(const struct client *client) {
  return client->closing || (client->process && client->process->state >= PROCESS_EXITED);
}

int client_timers(uint64_t now) {
  int next = -1;
  for (struct client *client = shim.clients, *following; client; client = following) {
    following = client->next;
    bool holds = client_blocks(client) && !(client->flags & WANT_HOLD);
    if (client->queue.length == 0 || !(must_leave(client) || holds))
      continue;
    uint64_t stuck = now - client->progress;
    if (stuck < STUCK_MS) {
      int left = (int)(STUCK_MS - stuck);
      next = next < 0 || left < next ? left : next;
    } else if (must_leave(client)) {
      client_close(client);
    } else {
      client->lagging = true;
      process_update(client->process);
    }
  }
  return next;
}
