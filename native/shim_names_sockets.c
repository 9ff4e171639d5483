#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "files.h"
#include "shim_names.h"

#define BACKLOG 16
/* Datagrams in a row, before others have their turn. */
#define AT_ONCE 32

/* -- inside the container's network namespace */

/* At a port that the kernel chooses: port 53 may be wanted by a name server in the container. */
static int bind_socket(int type, uint16_t *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(NAMES_ADDRESS)};
  socklen_t size = sizeof address;
  AUTO_CLOSE int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) < 0)
    return -1;
  *port = address.sin_port;
  return keep_fd(&fd);
}

static int listen_socket(uint16_t *port) {
  AUTO_CLOSE int fd = bind_socket(SOCK_STREAM, port);
  int on = 1;
  /* Accepted connections inherit it: answers to several queries must not wait for each other. */
  if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 || listen(fd, BACKLOG) < 0)
    return -1;
  return keep_fd(&fd);
}

struct sockets {
  int datagrams, listener, redirect;
};

static int open_sockets(struct sockets *sockets, const char **step) {
  uint16_t udp_port, tcp_port;
  *step = "names: binding to 127.0.0.11";
  AUTO_CLOSE int datagrams = bind_socket(SOCK_DGRAM, &udp_port);
  AUTO_CLOSE int listener = datagrams < 0 ? -1 : listen_socket(&tcp_port);
  if (listener < 0)
    return -1;
  *step = "names: the rules for port 53";
  int redirect = names_redirect(udp_port, tcp_port);
  if (redirect < 0)
    return -1;
  *sockets = (struct sockets){keep_fd(&datagrams), keep_fd(&listener), redirect};
  return 0;
}

/* -- datagrams */

static bool receive(int fd) {
  uint8_t message[NAMES_QUERY_MAX + 1];
  struct sockaddr_in peer;
  socklen_t peer_size = sizeof peer;
  ssize_t size = recvfrom(fd, message, sizeof message, 0, (struct sockaddr *)&peer, &peer_size);
  if (size < 0)
    return false;
  struct names_query *query = names_query_begin(message, (size_t)size, NULL);
  if (query) {
    query->peer = peer;
    names_ask(query);
  }
  return true;
}

static void datagrams_ready(struct source *source, uint32_t events) {
  (void)events;
  for (int i = 0; i < AT_ONCE && receive(source->fd); i++)
    ;
}

/* Binding in the host's own namespace would be the whole host's affair. */
static bool is_own(int own, int inside) {
  struct stat a, b;
  return fstat(own, &a) < 0 || fstat(inside, &b) < 0 || (a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

int names_open_inside(struct names *to, pid_t pid, const char **step) {
  char path[32];
  struct sockets sockets;
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  *step = "names: the container's network namespace";
  AUTO_CLOSE int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  AUTO_CLOSE int inside = open(path, O_RDONLY | O_CLOEXEC);
  if (own < 0 || inside < 0)
    return -1;
  if (is_own(own, inside)) {
    *step = "names: the container has no network of its own";
    errno = EINVAL;
    return -1;
  }
  if (setns(inside, CLONE_NEWNET) < 0)
    return -1;
  int result = open_sockets(&sockets, step);
  int error = errno;
  if (setns(own, CLONE_NEWNET) < 0)
    abort(); /* whatever this process did next would be done to the container's network */
  errno = error;
  if (result < 0)
    return -1;
  loop_init(&to->datagrams, sockets.datagrams, datagrams_ready);
  loop_init(&to->listener, sockets.listener, names_streams_accept);
  to->redirect = sockets.redirect;
  loop_watch(&to->datagrams, EPOLLIN);
  loop_watch(&to->listener, EPOLLIN);
  return 0;
}
