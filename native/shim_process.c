#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "shim.h"
#include "shim_names.h"

/* How long output that something else still holds open is read after the process is gone. */
#define REST_MS 2000
#define PIPE_SIZE (256 * 1024)

struct process *process_find(const char *id) {
  for (struct process *process = shim.processes; process; process = process->next)
    if (strcmp(process->id, id) == 0)
      return process;
  return NULL;
}

/* -- begin */

static int blame_nothing(struct plan_failure *failure, const char *detail) {
  *failure = (struct plan_failure){.index = PLAN_NO_INDEX, .error = (uint32_t)errno};
  snprintf(failure->detail, sizeof failure->detail, "%s", detail);
  return -1;
}

/* ours: the shim's end, never blocking; theirs: the child's. */
static int make_pipe(int *ours, int *theirs, bool child_reads) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return -1;
  *ours = ends[child_reads];
  *theirs = ends[!child_reads];
  fcntl(*ours, F_SETPIPE_SZ, PIPE_SIZE); /* fewer switches between the two; the default does as well */
  return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

struct stdio {
  int ours[3], theirs[3];
};

static void close_stdio(struct stdio *stdio) {
  for (int i = 0; i < 3; i++) {
    close_fd(&stdio->ours[i]);
    close_fd(&stdio->theirs[i]);
  }
}

static void adopt_stdio(struct process *process, struct stdio *stdio) {
  input_open(process, keep_fd(&stdio->ours[0]));
  output_open(process, 0, keep_fd(&stdio->ours[1]), STREAM_STDOUT);
  output_open(process, 1, keep_fd(&stdio->ours[2]), STREAM_STDERR);
}

static void plan_warning(void *context, const struct plan_failure *failure) {
  (void)context;
  event_warning(failure);
}

static void report_ready(struct source *source, uint32_t events);

int process_begin(struct process *process, const uint8_t *list, size_t size, uint32_t flags,
                  struct plan_failure *failure) {
  __attribute__((cleanup(close_stdio))) struct stdio stdio = {{-1, -1, -1}, {-1, -1, -1}};
  for (int i = 0; i < 3 && !process->tty; i++)
    if ((flags & (1u << i)) && make_pipe(&stdio.ours[i], &stdio.theirs[i], i == 0) < 0)
      return blame_nothing(failure, "pipe");
  struct plan_options options = {
      .in = stdio.theirs[0],
      .out = stdio.theirs[1],
      .err = stdio.theirs[2],
      .forked = process->log == NULL,
      .warn = plan_warning,
  };
  process->console = process->console_peer = -1;
  if (plan_begin(list, size, &options, &process->run, failure) < 0)
    return -1;
  if (process->run.pid == 0) {
    errno = EINVAL;
    return blame_nothing(failure, "the operations make no process");
  }
  adopt_stdio(process, &stdio);
  loop_init(&process->report, process->run.report, report_ready);
  loop_watch(&process->report, EPOLLIN);
  process_update(process);
  return 0;
}

/* -- construction */

void process_set_size(struct process *process, uint32_t rows, uint32_t columns) {
  process->size = (struct winsize){.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (process->console >= 0)
    ioctl(process->console, TIOCSWINSZ, &process->size);
}

static int open_console(struct process *process) {
  process->console = process->run.console;
  if (process->console < 0)
    return 0;
  process->tty = true;
  fcntl(process->console, F_SETFD, FD_CLOEXEC);
  fcntl(process->console, F_SETFL, O_RDWR | O_NONBLOCK);
  process->console_peer = ioctl(process->console, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  int input = fcntl(process->console, F_DUPFD_CLOEXEC, 3);
  if (input < 0)
    return -1;
  if (process->size.ws_row > 0 || process->size.ws_col > 0)
    ioctl(process->console, TIOCSWINSZ, &process->size);
  input_open(process, input);
  output_open(process, 0, process->console, STREAM_STDOUT);
  process->outputs[1].source.fd = -1;
  return 0;
}

static void update_clients(struct process *process) {
  for (struct client *client = shim.clients; client; client = client->next)
    if (client->process == process)
      client_update(client);
}

static struct client *exec_client(const struct process *process) {
  for (struct client *client = shim.clients; client; client = client->next)
    if (client->role == ROLE_EXEC && client->process == process)
      return client;
  return NULL;
}

static void close_process(struct process *process) {
  if (process->report.fd >= 0)
    loop_watch(&process->report, 0);
  for (int i = 0; i < 2; i++)
    loop_close(&process->outputs[i].source);
  loop_close(&process->input.source);
  queue_free(&process->input.queue);
  close_fd(&process->console_peer);
}

void process_free(struct process *process) {
  struct process **link = &shim.processes;
  while (*link && *link != process)
    link = &(*link)->next;
  if (*link)
    *link = process->next;
  close_process(process);
  close_fd(&process->run.pidfd);
  free(process->list);
  loop_free_later(process);
}

static void exec_failed(struct process *process, const struct plan_failure *failure) {
  struct client *client = exec_client(process);
  if (client) {
    char text[ERROR_MAX];
    snprintf(text, sizeof text, "%u:%u:%s", failure->index, failure->error, failure->detail);
    client_reply(client, text);
    client_finish(client);
  }
  process_free(process);
  reap(); /* what exited meanwhile and was left alone for plan.c's sake */
}

static void process_failed(struct process *process, const struct plan_failure *failure) {
  process->report.fd = -1;
  if (!process->log) {
    exec_failed(process, failure);
    return;
  }
  container_failed(failure);
}

static void exec_started(struct process *process) {
  free(process->list);
  process->list = NULL;
  struct client *client = exec_client(process);
  if (!client)
    return;
  struct writer writer = {0};
  write_u8(&writer, STATUS_OK);
  write_u32(&writer, (uint32_t)process->run.pid);
  struct iovec part = {writer.data, writer.size};
  if (!writer.failed)
    client_send(client, &part, 1);
  writer_free(&writer);
  if (!(process->flags & WANT_STREAMS))
    client_finish(client);
}

static void process_started(struct process *process) {
  process->report.fd = -1;
  process->state = PROCESS_RUNNING;
  if (process->log)
    container_started();
  else
    exec_started(process);
  process_update(process);
  reap(); /* it may be over already */
}

static int step(struct process *process, struct plan_failure *failure) {
  if (process->state != PROCESS_BUILDING)
    return plan_finish(&process->run, failure);
  if (plan_ready(&process->run, failure) < 0)
    return -1;
  process->state = PROCESS_AT_GATE;
  if (open_console(process) < 0) {
    kill(process->run.pid, SIGKILL);
    return plan_finish(&process->run, failure); /* reaps it and says so */
  }
  update_clients(process);
  process_update(process);
  return process->log ? 0 : process_go(process, failure);
}

int process_go(struct process *process, struct plan_failure *failure) {
  process->state = PROCESS_OPENING;
  return plan_go(&process->run, failure);
}

static void report_ready(struct source *source, uint32_t events) {
  (void)events;
  struct process *process = (struct process *)((char *)source - offsetof(struct process, report));
  struct plan_failure failure = {0};
  enum process_state before = process->state;
  loop_watch(source, 0);
  if (step(process, &failure) < 0) {
    process_failed(process, &failure);
  } else if (before != PROCESS_BUILDING) {
    process_started(process);
  } else {
    loop_watch(source, EPOLLIN);
    if (process->log)
      container_built();
  }
}

/* -- exec */

void exec_begin(struct client *client, const char *id, struct reader *request) {
  uint32_t flags = read_u32(request);
  const char *error = NULL;
  struct process *process = NULL;
  if (request->failed)
    error = "malformed request";
  else if (shim.container.state != PROCESS_RUNNING)
    error = "the container is not running";
  else if (id[0] == '\0' || strlen(id) > EXEC_ID_MAX || process_find(id))
    error = "this exec id is in use or not valid";
  else if (!(process = calloc(1, sizeof *process)))
    error = "out of memory";
  if (error) {
    client_reply(client, error);
    client_finish(client);
    return;
  }
  strcpy(process->id, id);
  process->flags = flags;
  process->tty = flags & WANT_TTY;
  process->close_input = true;
  process->outputs[0].source.fd = process->outputs[1].source.fd = process->input.source.fd =
      process->report.fd = -1;
  process->next = shim.container.next;
  shim.container.next = process;
  client->process = process;
  client->flags = flags & (WANT_STREAMS | WANT_HOLD);
  process->list = client->request; /* the operations stay valid until plan_finish */
  client->request = NULL;
  struct plan_failure failure = {0};
  if (process_begin(process, request->at, reader_left(request), flags, &failure) < 0)
    exec_failed(process, &failure);
  else
    client_update(client);
}

/* -- exit */

int process_signal(struct process *process, int number) {
  if (process->state < PROCESS_OPENING || process->state > PROCESS_RUNNING) {
    errno = ESRCH;
    return -1;
  }
  if (process->run.pidfd < 0)
    return kill(process->run.pid, number); /* not reaped yet, so the pid is still its own */
  return (int)syscall(SYS_pidfd_send_signal, process->run.pidfd, number, NULL, 0);
}

static void process_exited(struct process *process, int status) {
  process->exit_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  process->exit_code = WIFSIGNALED(status) ? 128 + process->exit_signal : WEXITSTATUS(status);
  process->state = PROCESS_EXITED;
  process->deadline = now_ms() + REST_MS;
  if (process->log) {
    unix_nanoseconds(shim.finished_at);
    names_close(); /* its network namespace, and its place on the bridge, go at once */
  }
  input_close(process);
  close_fd(&process->console_peer);
  process_finish_if_read(process);
}

static struct process *running_with_pid(pid_t pid) {
  for (struct process *process = shim.processes; process; process = process->next)
    if (process->state == PROCESS_RUNNING && process->run.pid == pid)
      return process;
  return NULL;
}

/* While a plan is being performed its children are reaped by plan.c, so only known processes are waited for.
 */
static pid_t next_exited(int *status) {
  bool building = false;
  for (struct process *process = shim.processes; process; process = process->next)
    building |= process->state < PROCESS_RUNNING;
  if (!building)
    return waitpid(-1, status, WNOHANG);
  for (struct process *process = shim.processes; process; process = process->next)
    if (process->state == PROCESS_RUNNING && waitpid(process->run.pid, status, WNOHANG) > 0)
      return process->run.pid;
  return 0;
}

void reap(void) {
  int status;
  for (pid_t pid; (pid = next_exited(&status)) > 0;) {
    struct process *process = running_with_pid(pid);
    if (pid == shim.server)
      shim.server = 0;
    if (process)
      process_exited(process, status);
  }
}

void process_finish_if_read(struct process *process) {
  if (process->state != PROCESS_EXITED || process_reads(process))
    return;
  process->state = PROCESS_DONE;
  if (process->log) {
    container_exited();
    return;
  }
  event_exec_exited(process);
  clients_finish(process);
  process_free(process);
}
