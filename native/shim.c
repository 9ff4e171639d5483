#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "files.h"
#include "seal.h"
#include "shim_names.h"

/* Execs that outlive the container (they share the host's pids) get this long to die of their SIGKILL. */
#define EXEC_GRACE_MS 2000
/* Buffers are given back after this much silence. */
#define IDLE_MS 1000

struct shim shim = {
    .container = {.report.fd = -1,
                  .run = {.pidfd = -1, .report = -1, .gate = -1, .console = -1},
                  .outputs = {{.source.fd = -1}, {.source.fd = -1}},
                  .input.source.fd = -1,
                  .console = -1,
                  .console_peer = -1},
    .launch = {.socket_path = ""},
    .listener.fd = -1,
    .signals.fd = -1,
    .oom.fd = -1,
    .log.fd = -1,
};

/* -- launch */

static int read_launch(void) {
  uint8_t prefix[4];
  if (read_exactly(STDIN_FILENO, prefix, sizeof prefix) < 0)
    return -1;
  struct reader head = reader_of(prefix, sizeof prefix);
  shim.message_size = read_u32(&head);
  if (shim.message_size == 0 || shim.message_size > MESSAGE_MAX) {
    errno = EMSGSIZE;
    return -1;
  }
  void *memory = mmap(NULL, shim.message_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return -1;
  shim.message = memory;
  return read_exactly(STDIN_FILENO, shim.message, shim.message_size);
}

/* A copy that outlives the message. */
static const char *keep_string(struct reader *reader) {
  const char *text = read_string(reader, NULL);
  const char *copy = text[0] == '\0' ? "" : strdup(text);
  reader->failed |= copy == NULL;
  return copy;
}

static int parse_launch(void) {
  struct reader reader = reader_of(shim.message, shim.message_size);
  shim.launch.id = keep_string(&reader);
  shim.launch.socket_path = keep_string(&reader);
  shim.launch.state_path = keep_string(&reader);
  shim.launch.exit_path = keep_string(&reader);
  shim.launch.log_path = read_string(&reader, NULL);
  shim.launch.log_max_size = read_u64(&reader);
  shim.launch.log_max_files = read_u32(&reader);
  shim.launch.log_extra = read_string(&reader, NULL);
  shim.launch.tty = read_bool(&reader);
  shim.launch.open_stdin = read_bool(&reader);
  shim.launch.stdin_once = read_bool(&reader);
  shim.launch.expect_attach = read_u32(&reader);
  shim.launch.memory_cgroup = keep_string(&reader);
  shim.launch.cgroup_version = read_u32(&reader);
  shim.launch.names_path = keep_string(&reader);
  shim.list = reader.at;
  shim.list_size = reader_left(&reader);
  errno = EBADMSG;
  return reader.failed ? -1 : 0;
}

static void drop_message(void) {
  if (shim.message)
    munmap(shim.message, shim.message_size);
  shim.message = NULL;
}

/* The launching daemon's pipe is the first watcher. */
static int take_stdout(void) {
  int events = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (events < 0 || fcntl(events, F_SETFL, O_NONBLOCK) < 0)
    return -1;
  shim.daemon = client_add(events, ROLE_WATCH);
  return shim.daemon ? 0 : -1;
}

/* So that nothing a child inherits reaches the daemon. */
static int forget_stdio(void) {
  AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  return null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ? -1 : 0;
}

static void signals_ready(struct source *source, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info[8];
  if (read(source->fd, info, sizeof info) > 0)
    reap();
}

/* The shim outlives terminals and polite requests to leave: it ends with its container. */
static int take_signals(void) {
  sigset_t blocked, children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  blocked = children;
  for (const int *number = (const int[]){SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, 0}; *number; number++)
    sigaddset(&blocked, *number);
  if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
    return -1;
  int fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0)
    return -1;
  loop_init(&shim.signals, fd, signals_ready);
  loop_watch(&shim.signals, EPOLLIN);
  return 0;
}

/* The name that was kept free for it: ps shows which shim is whose. */
static void take_name(char *free_name) {
  size_t size = free_name ? strlen(free_name) : 0;
  for (size_t i = 0; i < size; i++)
    free_name[i] = i < strlen(shim.launch.id) ? shim.launch.id[i] : '\0';
}

static int set_up(char **argv, const char **step) {
  *step = "stdio";
  if (loop_open() < 0 || take_stdout() < 0)
    return -1;
  *step = "sealing the program";
  if (seal_self(argv - 1) < 0) /* argv[-1] is the program, which main.c skipped */
    return -1;
  *step = "the launch message";
  if (read_launch() < 0 || parse_launch() < 0)
    return -1;
  take_name(argv[1]);
  *step = "/dev/null";
  if (forget_stdio() < 0)
    return -1;
  *step = "signals";
  if (take_signals() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
    return -1;
  *step = shim.launch.socket_path;
  return connection_listen();
}

/* -- the container's life */

static void fail(const char *detail, int error) {
  struct plan_failure failure = {.index = PLAN_NO_INDEX, .error = (uint32_t)error};
  snprintf(failure.detail, sizeof failure.detail, "%s", detail);
  container_failed(&failure);
}

static void begin_container(void) {
  struct process *container = &shim.container;
  struct plan_failure failure = {0};
  container->log = &shim.log;
  container->tty = shim.launch.tty;
  container->close_input = shim.launch.stdin_once;
  shim.processes = container;
  if (log_open(&shim.log, &shim.launch) < 0) {
    failure = (struct plan_failure){.index = PLAN_NO_INDEX, .error = (uint32_t)errno};
    snprintf(failure.detail, sizeof failure.detail, "log %s", shim.launch.log_path);
    event_warning(&failure);
  }
  uint32_t flags = WANT_STDOUT | WANT_STDERR | (shim.launch.open_stdin ? WANT_STDIN : 0);
  int result = process_begin(container, shim.list, shim.list_size, flags, &failure);
  shim.server = container->run.server;
  if (result < 0)
    container_failed(&failure);
}

void container_built(void) {
  const char *step = "names";
  if (shim.launch.names_path[0] == '\0' || names_serve(shim.launch.names_path, &step) == 0) {
    container_step();
    return;
  }
  int error = errno;
  kill(shim.container.run.pid, SIGKILL);
  fail(step, error);
}

void container_step(void) {
  if (shim.container.state != PROCESS_AT_GATE || shim.attached < shim.launch.expect_attach)
    return;
  struct plan_failure failure = {0};
  if (process_go(&shim.container, &failure) < 0)
    container_failed(&failure);
}

/* Whatever made the container is not needed to hold it. The kernel maps the program's pages in large pieces,
 * nearly all of it by now; what is needed again comes back from the page cache. Failing costs only memory. */
static void unmap_program(void) {
  extern const char __executable_start[], etext[];
  const uintptr_t page = 4096, start = (uintptr_t)__executable_start & ~(page - 1);
  (void)madvise((void *)start, ((uintptr_t)etext - start) & ~(page - 1), MADV_DONTNEED);
}

void container_started(void) {
  pid_t pid = shim.container.run.pid;
  if (record_state(pid) < 0) {
    struct plan_failure failure = {.index = PLAN_NO_INDEX, .error = (uint32_t)errno};
    snprintf(failure.detail, sizeof failure.detail, "%s", shim.launch.state_path);
    event_warning(&failure);
  }
  event_started();
  unmap_program();
  oom_watch();
  drop_message();
}

void container_failed(const struct plan_failure *failure) {
  shim.failed = true;
  names_close();
  shim.container.state = PROCESS_DONE;
  loop_watch(&shim.container.report, 0);
  for (int i = 0; i < 2; i++)
    loop_close(&shim.container.outputs[i].source);
  loop_close(&shim.container.input.source);
  event_failed(failure);
  clients_finish(&shim.container);
}

static void kill_execs(void) {
  for (struct process *exec = shim.container.next; exec; exec = exec->next)
    process_signal(exec, SIGKILL);
  shim.container.deadline = now_ms() + EXEC_GRACE_MS;
}

void container_exited(void) {
  log_close(&shim.log);
  bool oom = oom_check();
  if (record_exit(shim.container.exit_code, shim.container.exit_signal, oom) < 0) {
    struct plan_failure failure = {.index = PLAN_NO_INDEX, .error = (uint32_t)errno};
    snprintf(failure.detail, sizeof failure.detail, "%s", shim.launch.exit_path);
    event_warning(&failure);
  }
  event_exited(oom);
  clients_finish(&shim.container);
  kill_execs();
}

/* The daemon died before everyone who was announced had attached: nobody will, so the container must not wait
 * for ever. */
static void give_up_if_orphaned(void) {
  if (shim.daemon || shim.container.state != PROCESS_AT_GATE || shim.attached >= shim.launch.expect_attach)
    return;
  kill(shim.container.run.pid, SIGKILL);
  fail("the daemon ended during the start", ECANCELED);
}

/* -- the loop */

/* Output that something else holds open is read for REST_MS, and longer only while a client holds it up. */
static int process_timers(uint64_t now) {
  int next = -1;
  for (struct process *process = shim.processes, *following; process; process = following) {
    following = process->next;
    if (process->state != PROCESS_EXITED)
      continue;
    if (now < process->deadline) {
      next = sooner(next, (int)(process->deadline - now));
      continue;
    }
    for (int i = 0; i < 2; i++)
      if (process->outputs[i].source.fd >= 0 && process->outputs[i].source.events != 0)
        output_drain(&process->outputs[i]);
    process->deadline = now + IDLE_MS;
    next = sooner(next, IDLE_MS);
  }
  return next;
}

static bool told_everything(uint64_t now) {
  return shim.container.state == PROCESS_DONE && (!shim.container.next || now >= shim.container.deadline);
}

/* Whoever comes from now on finds the exit record. */
static void leave(void) {
  shim.leaving = true;
  shim.server_deadline = now_ms() + EXEC_GRACE_MS;
  reap(); /* what was left alone while the container was being built */
  loop_close(&shim.listener);
  unlink(shim.launch.socket_path);
  clients_finish(NULL);
}

/* The server of the root ends with its last mount, so normally with the container. Processes that share the
 * host's pids may hold it longer: they get as much time as execs do, and init reaps what is killed then. */
static int server_timer(uint64_t now) {
  if (!shim.leaving || shim.server == 0)
    return -1;
  if (now < shim.server_deadline)
    return (int)(shim.server_deadline - now);
  kill(shim.server, SIGKILL);
  shim.server = 0;
  return 0;
}

static bool has_left(void) {
  return shim.leaving && !shim.clients && shim.server == 0;
}

static int timers(void) {
  uint64_t now = now_ms();
  int next = sooner(sooner(process_timers(now), client_timers(now)), names_timers(now));
  if (shim.container.state == PROCESS_DONE && shim.container.next && now < shim.container.deadline)
    next = sooner(next, (int)(shim.container.deadline - now));
  if (told_everything(now) && !shim.leaving) {
    leave();
    next = 0;
  }
  next = sooner(next, server_timer(now));
  return shim.dirty ? sooner(next, IDLE_MS) : next;
}

static void give_back_memory(void) {
  unmap_program();
  madvise(transfer_buffer, TRANSFER_SIZE, MADV_DONTNEED);
  log_idle(&shim.log);
  shim.dirty = false;
}

static void run(void) {
  while (!has_left()) {
    int timeout = timers();
    if (has_left())
      break;
    int count = loop_turn(timeout);
    if (count < 0)
      break;
    if (count == 0 && shim.dirty)
      give_back_memory();
    give_up_if_orphaned();
  }
}

int shim_main(int argc, char **argv) {
  (void)argc;
  setsid(); /* fails when the daemon has done it already */
  close_range(3, ~0u, 0);
  const char *step = "/";
  if (chdir("/") < 0 || set_up(argv, &step) < 0) {
    int error = errno;
    fail(step, error);
  } else {
    event_listening();
    begin_container();
  }
  run();
  return shim.failed ? 1 : 0;
}
