/* The program of the built-in image gantry/hello: a greeting, or with `serve [port]` a web page. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 256
#define REQUEST_MAX 8192
#define IDLE_SECONDS 30

static volatile sig_atomic_t stopping;

static void stop(int signal) {
  (void)signal;
  stopping = 1;
}

_Noreturn static void die(const char *what) {
  fprintf(stderr, "hello: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int greet(void) {
  char host[HOST_NAME_MAX + 1] = "";
  struct utsname kernel;
  if (gethostname(host, sizeof host - 1) != 0 || uname(&kernel) != 0)
    die("who am I");
  printf("\n"
         "Hello from a container!\n"
         "\n"
         "This is what just happened:\n"
         " 1. The gantry command asked the gantry daemon to run the image gantry/hello.\n"
         " 2. The daemon stacked the image's layers into a root file system (overlayfs) and planned the "
         "container\n"
         "    as a list of system calls: `gantry run --explain gantry/hello` prints it.\n"
         " 3. gantry-init performed that list: new namespaces, cgroup, mounts, network; then it became this "
         "program.\n"
         " 4. This program wrote these lines, and the daemon sent them to your terminal.\n"
         "\n"
         "In here I am process %d on host %s, over Linux %s, and see nothing else of your machine.\n"
         "\n"
         "Next, a web server in a container:\n"
         "    gantry run -d -p 8080:80 gantry/hello serve      then open http://localhost:8080\n"
         "\n",
         (int)getpid(), host, kernel.release);
  return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- serve ---- */

struct client {
  int fd;
  time_t since;
  size_t length;
  char request[REQUEST_MAX];
  char from[INET6_ADDRSTRLEN];
};

static struct client clients[CLIENTS];
static size_t client_count;
static char page[4096];
static int page_length;

static void make_page(void) {
  char host[HOST_NAME_MAX + 1] = "";
  if (gethostname(host, sizeof host - 1) != 0)
    die("gethostname");
  page_length = snprintf(
      page, sizeof page,
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Hello from gantry</title>\n"
      "<style>\n"
      "  body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 2rem;\n"
      "    font: 1.1rem/1.6 system-ui, sans-serif; background: #10243e; color: #eaf2fb }\n"
      "  h1 { margin: 0; font-size: 3rem } code { color: #ffd166 } p { max-width: 34rem }\n"
      "</style>\n"
      "<h1>Hello from a container</h1>\n"
      "<p>This page was served by process <code>%d</code> of the container <code>%s</code>. Its root file\n"
      "system holds one file; its network is its own, and gantry sent your request into it.</p>\n"
      "<p>Stop it with <code>gantry stop %s</code>, see its log with <code>gantry logs %s</code>.</p>\n"
      "</html>\n",
      (int)getpid(), host, host, host);
}

static int listen_on(uint16_t port) {
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1, off = 0;
  struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&any6, sizeof any6) == 0 && listen(fd, 1024) == 0)
      return fd;
    close(fd);
  }
  /* A container without IPv6. */
  fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&any4, sizeof any4) != 0 || listen(fd, 1024) != 0)
    die("listen");
  return fd;
}

static void print_peer(char *to, const struct sockaddr_storage *peer) {
  strcpy(to, "?");
  if (peer->ss_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, to, INET6_ADDRSTRLEN);
  else if (peer->ss_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)peer)->sin6_addr, to, INET6_ADDRSTRLEN);
  if (strncmp(to, "::ffff:", 7) == 0)
    memmove(to, to + 7, strlen(to + 7) + 1);
}

static void accept_clients(int listener) {
  while (client_count < CLIENTS) {
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
      return;
    struct client *client = &clients[client_count++];
    client->fd = fd;
    client->length = 0;
    client->since = time(NULL);
    print_peer(client->from, &peer);
  }
}

static void drop(size_t index) {
  close(clients[index].fd);
  clients[index] = clients[--client_count];
}

static void log_request(const struct client *client, int status) {
  char when[32];
  time_t now = time(NULL);
  struct tm utc;
  size_t line = strcspn(client->request, "\r\n");
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  char safe[128];
  size_t n = 0;
  for (; n < line && n < sizeof safe - 1; n++)
    safe[n] = client->request[n] >= ' ' && client->request[n] < 0x7f ? client->request[n] : '?';
  safe[n] = '\0';
  printf("%s %s \"%s\" %d\n", when, client->from, safe, status);
}

/* Answers the request that ends at `size`. False: the connection is over. */
static bool answer(struct client *client, size_t size) {
  char head[256];
  bool is_head = strncmp(client->request, "HEAD ", 5) == 0;
  bool is_get = strncmp(client->request, "GET ", 4) == 0;
  bool keep = strstr(client->request, "HTTP/1.1\r\n") != NULL &&
              strcasestr(client->request, "\r\nConnection: close") == NULL && (is_get || is_head);
  int status = is_get || is_head ? 200 : 405;
  int body = status == 200 ? page_length : 0;
  int length =
      snprintf(head, sizeof head,
               "HTTP/1.1 %s\r\nServer: gantry-hello\r\nContent-Type: text/html; charset=utf-8\r\n"
               "Content-Length: %d\r\nConnection: %s\r\n\r\n",
               status == 200 ? "200 OK" : "405 Method Not Allowed", body, keep ? "keep-alive" : "close");
  char reply[sizeof head + sizeof page];
  memcpy(reply, head, (size_t)length);
  if (is_get)
    memcpy(reply + length, page, (size_t)page_length);
  size_t total = (size_t)length + (is_get ? (size_t)page_length : 0);
  log_request(client, status);
  /* A few kilobytes fit into any socket buffer; a client for whom they do not is dropped. */
  if (send(client->fd, reply, total, MSG_NOSIGNAL) != (ssize_t)total)
    return false;
  client->length -= size;
  memmove(client->request, client->request + size, client->length);
  client->since = time(NULL);
  return keep;
}

/* False: the connection is over. */
static bool receive(struct client *client) {
  ssize_t n = recv(client->fd, client->request + client->length, REQUEST_MAX - 1 - client->length, 0);
  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  if (n == 0)
    return false;
  client->length += (size_t)n;
  for (;;) {
    client->request[client->length] = '\0';
    char *end = strstr(client->request, "\r\n\r\n");
    if (end == NULL)
      return client->length < REQUEST_MAX - 1;
    size_t size = (size_t)(end - client->request) + 4;
    if (!answer(client, size))
      return false;
  }
}

static int serve(uint16_t port) {
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  make_page();
  int listener = listen_on(port);
  printf("hello: serving on port %u\n", port);
  while (!stopping) {
    struct pollfd polls[CLIENTS + 1] = {{.fd = client_count < CLIENTS ? listener : -1, .events = POLLIN}};
    for (size_t i = 0; i < client_count; i++)
      polls[i + 1] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
    int ready = poll(polls, client_count + 1, client_count > 0 ? IDLE_SECONDS * 1000 : -1);
    if (ready < 0 && errno != EINTR)
      die("poll");
    time_t now = time(NULL);
    /* Backwards, because drop moves the last client into the gap. */
    for (size_t i = client_count; i-- > 0;) {
      bool readable = ready > 0 && polls[i + 1].revents != 0;
      if (readable ? !receive(&clients[i]) : now - clients[i].since >= IDLE_SECONDS)
        drop(i);
    }
    if (ready > 0 && polls[0].revents != 0)
      accept_clients(listener);
  }
  printf("hello: stopped\n");
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1)
    return greet();
  char *end = NULL;
  long port = argc > 2 ? strtol(argv[2], &end, 10) : 80;
  if (argc > 3 || strcmp(argv[1], "serve") != 0 || port < 1 || port > 65535 ||
      (end != NULL && *end != '\0')) {
    fprintf(stderr, "usage: hello [serve [PORT]]\n");
    return 2;
  }
  return serve((uint16_t)port);
}
