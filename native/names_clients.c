/* Clients inside that ask by TCP: several questions by one connection, answered as they come. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "names.h"
#include "shim.h"

#define IDLE_MS 10000
#define UNSENT_MAX (256u * 1024)

static struct names_client *clients;
static int count;

static void drop(struct names_client *client) {
  struct names_query *query;
  for (int at = 0; (query = names_slot_next(&at));)
    if (query->client == client)
      names_slot_free(query);
  struct names_client **link = &clients;
  while (*link != client)
    link = &(*link)->next;
  *link = client->next;
  count--;
  loop_close(&client->source);
  queue_free(&client->answers);
  loop_free_later(client);
}

static void watch(struct names_client *client) {
  loop_watch(&client->source, EPOLLIN | (client->answers.length > 0 ? EPOLLOUT : 0));
}

void names_client_answer(struct names_client *client, const struct iovec *parts) {
  size_t total = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
  ssize_t sent = client->answers.length > 0 ? 0 : write_some(client->source.fd, parts, 3);
  /* One that takes no answers gets none; its connection ends by its idle time. */
  if (sent < 0 || client->answers.length + total > UNSENT_MAX)
    return;
  if ((size_t)sent < total && !queue_append(&client->answers, parts, 3, (size_t)sent))
    shutdown(client->source.fd, SHUT_RDWR); /* half an answer would garble all that follow */
  watch(client);
}

/* Queries that are whole now. False: the client sends what is none. */
static bool queries(struct names_client *client) {
  while (client->have >= 2) {
    size_t size = names_get16(client->query);
    if (size > NAMES_QUERY_MAX)
      return false;
    if (client->have < 2 + size)
      break;
    names_ask(client->query + 2, size, client, NULL);
    client->have -= 2 + size;
    memmove(client->query, client->query + 2 + size, client->have);
  }
  return true;
}

static void ready(struct source *source, uint32_t events) {
  struct names_client *client = (struct names_client *)source;
  shim.dirty = true;
  if ((events & EPOLLOUT) && queue_write(&client->answers, source->fd) < 0) {
    drop(client);
    return;
  }
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    ssize_t size = read(source->fd, client->query + client->have, sizeof client->query - client->have);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    client->have += size > 0 ? (size_t)size : 0;
    client->heard = now_ms();
    if (size <= 0 || !queries(client)) {
      drop(client);
      return;
    }
  }
  watch(client);
}

void names_clients_accept(struct source *source, uint32_t events) {
  (void)events;
  AUTO_CLOSE int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  struct names_client *client = fd < 0 || count == NAMES_CLIENTS_MAX ? NULL : malloc(sizeof *client);
  if (!client)
    return;
  *client = (struct names_client){.next = clients, .heard = now_ms()};
  loop_init(&client->source, keep_fd(&fd), ready);
  clients = client;
  count++;
  watch(client);
}

void names_clients_close(void) {
  while (clients)
    drop(clients);
}

int names_client_timers(uint64_t now, int next) {
  for (struct names_client *client = clients, *following; client; client = following) {
    following = client->next;
    if (now - client->heard >= IDLE_MS)
      drop(client);
    else
      next = names_nearest(next, now, client->heard + IDLE_MS);
  }
  return next;
}
