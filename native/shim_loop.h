/* The shim's one epoll loop. Every descriptor it watches is a `source` inside the object that owns it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct source {
  int fd;          /* -1: closed */
  uint32_t events; /* what epoll watches; 0 = not in epoll at all, so that a hang-up does not spin */
  void (*ready)(struct source *source, uint32_t events);
};

int loop_open(void);
void loop_init(struct source *source, int fd, void (*ready)(struct source *, uint32_t));
/* Watches for exactly these events from now on. */
void loop_watch(struct source *source, uint32_t events);
/* Stops watching and closes the descriptor. */
void loop_close(struct source *source);
/* Frees memory that holds sources once the events at hand are handled. */
void loop_free_later(void *memory);
/* Waits for events (at most `timeout` ms, -1 = for ever) and handles them. Returns their number. */
int loop_turn(int timeout);
/* Monotonic milliseconds. */
uint64_t now_ms(void);

/* Of two timeouts, of which -1 is none. */
static inline int sooner(int a, int b) {
  return a < 0 ? b : b < 0 || a < b ? a : b;
}
