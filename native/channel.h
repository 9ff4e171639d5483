/* Packets between the processes that make a container. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

enum message_kind {
  READY = 1, /* child: stands at the gate; carries the pty master when there is one */
  EXECUTING, /* child: execve is next */
  DONE,      /* child or intermediate process: finished its list */
  FAILED,
  WARNING,
  CLONED, /* intermediate process: `index` is the child's pid; carries its pidfd */
  SIGNAL, /* to the child: go on behind `await-host` */
  GO,     /* to the child: the gate is open */
};

struct message {
  uint32_t kind, index, error;
  char detail[256];
};

int open_channel(int pair[2]);
/* `descriptor` is sent along unless -1. 0, or -1 with errno (EPIPE: nobody is there). */
int send_message(int channel, enum message_kind kind, uint32_t index, int error, const char *detail,
                 int descriptor);
/* 1, 0 at the end, or -1 with errno. *descriptor becomes one that came along; with NULL none is accepted. */
int receive_message(int channel, struct message *message, int *descriptor);
/* The same without waiting: -1 with EAGAIN when there is nothing. */
int receive_now(int channel, struct message *message);
