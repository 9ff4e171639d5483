#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shim.h"

/* One read of output or input at a time passes through here; what has no reader or writer yet waits in
 * queues. */
uint8_t transfer_buffer[TRANSFER_SIZE] __attribute__((aligned(4096)));

/* More than any pipe holds; whoever goes on writing does not hold up the end. */
#define DRAIN_READS 32

static uint32_t wanted_flag(const struct output *output) {
  return output->type == STREAM_STDERR ? WANT_STDERR : WANT_STDOUT;
}

static bool client_takes(const struct client *client, const struct output *output) {
  return client->process == output->process && !client->output_dead && !client->closing &&
         (client->flags & wanted_flag(output)) &&
         (client->role == ROLE_ATTACH ||
          (client->role == ROLE_EXEC && output->process->state >= PROCESS_RUNNING));
}

static bool is_paused(const struct output *output) {
  if (output->process->log == NULL && output->process->state < PROCESS_RUNNING)
    return true; /* the exec's status goes first */
  for (struct client *client = shim.clients; client; client = client->next)
    if (client_takes(client, output) && client_blocks(client))
      return true;
  return false;
}

static void send_frame(const struct output *output, const uint8_t *data, size_t size) {
  uint8_t header[8] = {
      (uint8_t)output->type, 0, 0, 0, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
      (uint8_t)size};
  struct iovec parts[2] = {{header, sizeof header}, {(void *)data, size}};
  bool raw = output->process->tty;
  for (struct client *client = shim.clients, *next; client; client = next) {
    next = client->next;
    if (client_takes(client, output))
      client_send(client, raw ? parts + 1 : parts, raw ? 1 : 2);
  }
}

static void close_output(struct output *output) {
  loop_close(&output->source);
  process_finish_if_read(output->process);
}

/* False at the end of the stream or when there is nothing to read. */
static bool read_once(struct output *output) {
  ssize_t size = read(output->source.fd, transfer_buffer, TRANSFER_SIZE);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return false;
  if (size <= 0) { /* a pty ends with EIO */
    close_output(output);
    return false;
  }
  if (output->process->log) { /* first: what a client has seen can be read in the log */
    log_add(output->process->log, output->type, transfer_buffer, (size_t)size);
    log_flush(output->process->log);
  }
  send_frame(output, transfer_buffer, (size_t)size);
  return true;
}

static void output_ready(struct source *source, uint32_t events) {
  (void)events;
  struct output *output = (struct output *)source;
  shim.dirty = true;
  read_once(output);
  process_update(output->process);
}

void output_drain(struct output *output) {
  for (int i = 0; i < DRAIN_READS && output->source.fd >= 0; i++)
    if (!read_once(output))
      break;
  if (output->source.fd >= 0)
    close_output(output);
}

void output_open(struct process *process, int index, int fd, enum stream_type type) {
  struct output *output = &process->outputs[index];
  output->process = process;
  output->type = type;
  loop_init(&output->source, fd, output_ready);
}

bool process_reads(const struct process *process) {
  return process->outputs[0].source.fd >= 0 || process->outputs[1].source.fd >= 0;
}

void process_update(struct process *process) {
  for (int i = 0; i < 2; i++) {
    struct output *output = &process->outputs[i];
    if (output->source.fd >= 0)
      loop_watch(&output->source, is_paused(output) ? 0 : EPOLLIN);
  }
}

/* -- input */

bool input_ready(const struct process *process) {
  if (process->tty && process->state <= PROCESS_BUILDING)
    return false; /* the pty is still to come */
  return process->input.queue.length == 0;
}

static void update_clients(const struct process *process) {
  for (struct client *client = shim.clients; client; client = client->next)
    if (client->process == process)
      client_update(client);
}

void input_close(struct process *process) {
  loop_close(&process->input.source);
  queue_free(&process->input.queue);
  update_clients(process);
}

static struct process *input_owner(struct source *source) {
  return (struct process *)((char *)source - offsetof(struct process, input.source));
}

static void input_writable(struct source *source, uint32_t events) {
  (void)events;
  struct process *process = input_owner(source);
  if (queue_write(&process->input.queue, source->fd) < 0) {
    input_close(process);
    return;
  }
  if (process->input.queue.length > 0)
    return;
  loop_watch(source, 0);
  if (process->input.ending)
    input_close(process);
  else
    update_clients(process);
}

void input_open(struct process *process, int fd) {
  loop_init(&process->input.source, fd, input_writable);
}

void input_write(struct process *process, const uint8_t *data, size_t size) {
  struct input *input = &process->input;
  if (input->source.fd < 0 || input->ending)
    return; /* nobody reads it: as if written to /dev/null */
  struct iovec part = {(void *)data, size};
  ssize_t written = input->queue.length > 0 ? 0 : write_some(input->source.fd, &part, 1);
  if (written < 0 || (written < (ssize_t)size && !queue_append(&input->queue, &part, 1, (size_t)written))) {
    input_close(process);
    return;
  }
  if (input->queue.length > 0) {
    loop_watch(&input->source, EPOLLOUT);
    update_clients(process);
  }
}

void input_end(struct process *process) {
  if (process->tty || process->input.source.fd < 0)
    return;
  process->input.ending = true;
  if (process->input.queue.length == 0)
    input_close(process);
}
