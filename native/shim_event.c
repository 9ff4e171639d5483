#include <stdlib.h>

#include "shim.h"

static size_t begin(struct writer *writer, enum event_code code) {
  size_t mark = message_begin(writer);
  write_u8(writer, code);
  return mark;
}

static void send_to(struct client *watcher, const struct writer *writer) {
  struct iovec part = {writer->data, writer->size};
  if (!writer->failed)
    client_send(watcher, &part, 1);
}

/* Ends the message and sends it to `only`, or to every watcher. */
static void send(struct writer *writer, size_t mark, struct client *only) {
  message_end(writer, mark);
  for (struct client *client = shim.clients, *next; client; client = next) {
    next = client->next;
    if (client->role == ROLE_WATCH && (!only || client == only))
      send_to(client, writer);
  }
  writer_free(writer);
}

static void send_started(struct client *only) {
  struct writer writer = {0};
  size_t mark = begin(&writer, EVENT_STARTED);
  write_u32(&writer, (uint32_t)shim.container.run.pid);
  write_string(&writer, shim.start_time);
  write_string(&writer, shim.started_at);
  send(&writer, mark, only);
}

static void send_exited(bool oom, struct client *only) {
  struct writer writer = {0};
  size_t mark = begin(&writer, EVENT_EXITED);
  write_u32(&writer, (uint32_t)shim.container.exit_code);
  write_u32(&writer, (uint32_t)shim.container.exit_signal);
  write_bool(&writer, oom);
  write_string(&writer, shim.finished_at);
  send(&writer, mark, only);
}

static void send_failure(enum event_code code, const struct plan_failure *failure) {
  struct writer writer = {0};
  size_t mark = begin(&writer, code);
  write_u32(&writer, failure->index);
  write_u32(&writer, failure->error);
  write_string(&writer, failure->detail);
  send(&writer, mark, NULL);
}

static void send_empty(enum event_code code) {
  struct writer writer = {0};
  size_t mark = begin(&writer, code);
  send(&writer, mark, NULL);
}

void event_listening(void) {
  send_empty(EVENT_LISTENING);
}

void event_now(struct client *watcher) {
  if (shim.container.state == PROCESS_DONE && !shim.failed)
    send_exited(oom_check(), watcher);
  else if (shim.container.state == PROCESS_RUNNING || shim.container.state == PROCESS_EXITED)
    send_started(watcher);
}

void event_started(void) {
  send_started(NULL);
}

void event_failed(const struct plan_failure *failure) {
  send_failure(EVENT_FAILED, failure);
}

void event_exited(bool oom) {
  send_exited(oom, NULL);
}

void event_oom(void) {
  send_empty(EVENT_OOM);
}

void event_exec_exited(const struct process *process) {
  struct writer writer = {0};
  size_t mark = begin(&writer, EVENT_EXEC_EXITED);
  write_string(&writer, process->id);
  write_u32(&writer, (uint32_t)process->exit_code);
  send(&writer, mark, NULL);
}

void event_warning(const struct plan_failure *failure) {
  send_failure(EVENT_WARNING, failure);
}
