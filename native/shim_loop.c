#include "shim_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BATCH 16

struct dead {
  struct dead *next;
  void *memory;
};

static int epoll_fd = -1;
static struct dead *graveyard;

int loop_open(void) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  return epoll_fd < 0 ? -1 : 0;
}

void loop_init(struct source *source, int fd, void (*ready)(struct source *, uint32_t)) {
  *source = (struct source){.fd = fd, .ready = ready};
}

void loop_watch(struct source *source, uint32_t events) {
  if (source->fd < 0 || events == source->events)
    return;
  struct epoll_event event = {.events = events, .data.ptr = source};
  int action = source->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_fd, action, source->fd, &event) == 0)
    source->events = events;
}

void loop_close(struct source *source) {
  if (source->fd < 0)
    return;
  loop_watch(source, 0);
  close(source->fd);
  source->fd = -1;
}

void loop_free_later(void *memory) {
  struct dead *dead = malloc(sizeof *dead);
  if (!dead)
    return; /* leaking it is safe, freeing it now is not */
  *dead = (struct dead){graveyard, memory};
  graveyard = dead;
}

static void bury(void) {
  while (graveyard) {
    struct dead *dead = graveyard;
    graveyard = dead->next;
    free(dead->memory);
    free(dead);
  }
}

int loop_turn(int timeout) {
  struct epoll_event events[BATCH];
  int count = epoll_wait(epoll_fd, events, BATCH, timeout);
  if (count < 0)
    return errno == EINTR ? 0 : -1;
  for (int i = 0; i < count; i++) {
    struct source *source = events[i].data.ptr;
    if (source->fd >= 0 && source->events != 0)
      source->ready(source, events[i].events);
  }
  bury();
  return count;
}

uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
