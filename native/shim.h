/* The shim: gantry-init as the parent of one container (see src/shim/protocol.ts for what it says to the
 * daemon).
 *
 *   shim.c            launch, life and end of the container; the loop's timers
 *   shim_process.c    a process (the container's own or an exec): its plan, its exit
 *   shim_connection.c requests on the socket and what is sent to each connection
 *   shim_event.c      events to watchers
 *   shim_oom.c        how often the kernel killed for memory
 *   shim_record.c     the state and exit files
 *   shim_names*.c     answers to queries for names (shim_names.h)
 *   stream.c          output from pipe or pty to log and clients, input from clients
 *   log.c             the json-file log */
#pragma once
#include <sys/ioctl.h>

#include "log.h"
#include "plan.h"
#include "protocol.h"
#include "shim_loop.h"
#include "stream_queue.h"
#include "wire.h"

#define EXEC_ID_MAX 128
#define ERROR_MAX 320

enum process_state {
  PROCESS_BUILDING, /* the child runs its operations */
  PROCESS_AT_GATE,  /* built, waiting to exec */
  PROCESS_OPENING,  /* told to exec */
  PROCESS_RUNNING,
  PROCESS_EXITED, /* reaped; its output is being read to the end */
  PROCESS_DONE,   /* everything was told */
};

struct output {
  struct source source;
  struct process *process;
  enum stream_type type;
};

struct input {
  struct source source; /* fd -1: input is discarded */
  struct queue queue;   /* what the process has not taken yet; clients are not read meanwhile */
  bool ending;          /* closes once the queue is empty */
};

struct process {
  struct process *next;
  char id[EXEC_ID_MAX + 1]; /* "" is the container's own */
  enum process_state state;
  bool tty;
  bool close_input; /* stdin ends with the first attached client's */
  uint32_t flags;   /* of the exec request */
  struct source report;
  struct plan_run run;
  uint8_t *list; /* the exec's operations, to be freed */
  struct output outputs[2];
  struct input input;
  int console,
      console_peer; /* pty master; a slave kept open so that the master does not hang up before the exit */
  struct winsize size;
  struct log *log; /* NULL for an exec */
  int exit_code, exit_signal;
  uint64_t deadline; /* when the rest of the output is given up */
};

enum role { ROLE_REQUEST, ROLE_WATCH, ROLE_ATTACH, ROLE_EXEC };

struct client {
  struct source source;
  struct client *next;
  enum role role;
  struct process *process; /* whose stdio this is */
  uint32_t flags;
  bool input_ended, output_dead;
  bool closing;  /* closes when its queue is empty */
  bool blocking; /* has so much to take that the process must wait */
  bool lagging;  /* was stuck for so long that it no longer holds up the process */
  struct queue queue;
  uint64_t progress; /* ms: when it last took something, or the queue began */
  uint8_t header[4];
  size_t header_size;
  uint8_t *request;
  size_t request_size, request_have;
};

struct shim {
  struct launch launch;
  uint8_t *message; /* the launch message, unmapped when the container runs */
  size_t message_size;
  const uint8_t *list;
  size_t list_size;
  struct process container;
  struct process *processes; /* the container, then execs */
  pid_t server;              /* of the container's root; 0: none, or reaped */
  uint64_t server_deadline;  /* when it is no longer waited for */
  struct client *clients;
  struct client *daemon; /* the one behind stdout; NULL once it is gone */
  struct source listener, signals, oom;
  struct log log;
  uint32_t attached; /* how many attach requests the container has had */
  uint64_t oom_seen;
  bool oom_told; /* v1: events come by notification, not by the counter */
  char start_time[24], started_at[24], finished_at[24];
  bool failed;  /* the container never ran */
  bool leaving; /* everything is told: only queues are emptied */
  bool dirty;   /* buffers were used since the last idle moment */
};

extern struct shim shim;

/* -- shim.c */
/* The child stands at the gate: what the container has from outside is made now. */
void container_built(void);
/* Opens the gate once the container is built and everyone who was announced is attached. */
void container_step(void);
void container_started(void);
void container_failed(const struct plan_failure *failure);
void container_exited(void);

/* -- shim_process.c */
/* Begins a plan with the stdio that `flags` wants. -1 with *failure. */
int process_begin(struct process *process, const uint8_t *list, size_t size, uint32_t flags,
                  struct plan_failure *failure);
/* Lets a built process exec. */
int process_go(struct process *process, struct plan_failure *failure);
struct process *process_find(const char *id);
/* Reaps what has exited, known or adopted. */
void reap(void);
/* When the process is gone and its output was read: tells, and lets its clients go. */
void process_finish_if_read(struct process *process);
void process_set_size(struct process *process, uint32_t rows, uint32_t columns);
int process_signal(struct process *process, int number);
/* Takes a failed or finished exec off the list and frees it. */
void process_free(struct process *process);
void exec_begin(struct client *client, const char *id, struct reader *request);

/* -- shim_connection.c */
int connection_listen(void);
struct client *client_add(int fd, enum role role);
void client_send(struct client *client, const struct iovec *parts, int count);
void client_reply(struct client *client, const char *error);
/* Ends with the process: sends what is queued, then closes. */
void client_finish(struct client *client);
void client_close(struct client *client);
/* Lets go of everyone who is connected to the process, or (NULL) of everyone. */
void clients_finish(const struct process *process);
void client_update(struct client *client);
/* Whether the process must wait for this client. */
bool client_blocks(const struct client *client);
/* Drops clients that are stuck. Returns the ms until the next can be, or -1. */
int client_timers(uint64_t now);

/* -- shim_event.c */
void event_listening(void);
void event_now(struct client *watcher);
void event_started(void);
void event_failed(const struct plan_failure *failure);
void event_exited(bool oom);
void event_oom(void);
void event_exec_exited(const struct process *process);
void event_warning(const struct plan_failure *failure);

/* -- shim_oom.c */
void oom_watch(void);
/* Reads the kernel's counter and tells watchers when it has grown. True when the container was ever hit. */
bool oom_check(void);

/* -- shim_record.c */
int record_state(pid_t pid);
int record_exit(int code, int signal, bool oom);
void unix_nanoseconds(char out[24]);

/* -- stream.c */
void output_open(struct process *process, int index, int fd, enum stream_type type);
void input_open(struct process *process, int fd);
/* Reads on or pauses, depending on the clients. */
void process_update(struct process *process);
/* Reads what is there without waiting and closes. */
void output_drain(struct output *output);
bool process_reads(const struct process *process);
void input_write(struct process *process, const uint8_t *data, size_t size);
void input_end(struct process *process);
void input_close(struct process *process);
/* Whether clients may send more now. */
bool input_ready(const struct process *process);
extern uint8_t transfer_buffer[];
#define TRANSFER_SIZE (64u * 1024)
