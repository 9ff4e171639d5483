#include "channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
};

int open_channel(int pair[2]) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

int send_message(int channel, enum message_kind kind, uint32_t index, int error, const char *detail,
                 int descriptor) {
  struct message message = {.kind = kind, .index = index, .error = (uint32_t)error};
  union control control = {0};
  struct iovec part = {.iov_base = &message, .iov_len = sizeof message};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  snprintf(message.detail, sizeof message.detail, "%s", detail);
  if (descriptor >= 0) {
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof descriptor), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    header.msg_control = &control;
    header.msg_controllen = sizeof control.space;
  }
  ssize_t n;
  do
    n = sendmsg(channel, &header, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -1 : 0;
}

static int receive(int channel, struct message *message, int *descriptor, int flags) {
  union control control = {0};
  struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptor) {
    header.msg_control = &control;
    header.msg_controllen = sizeof control.space;
  }
  ssize_t n;
  /* ECONNRESET is said once, before what is still to be read: the other side has left without reading all of
   * ours. */
  do
    n = recvmsg(channel, &header, MSG_CMSG_CLOEXEC | flags);
  while (n < 0 && (errno == EINTR || errno == ECONNRESET));
  if (n <= 0)
    return (int)n;
  const struct cmsghdr *first = CMSG_FIRSTHDR(&header);
  if (descriptor && first && first->cmsg_type == SCM_RIGHTS &&
      first->cmsg_len == CMSG_LEN(sizeof *descriptor))
    memcpy(descriptor, CMSG_DATA(first), sizeof *descriptor);
  if (n != sizeof *message) {
    errno = EPROTO;
    return -1;
  }
  message->detail[sizeof message->detail - 1] = 0;
  return 1;
}

int receive_message(int channel, struct message *message, int *descriptor) {
  return receive(channel, message, descriptor, 0);
}

int receive_now(int channel, struct message *message) {
  return receive(channel, message, NULL, MSG_DONTWAIT);
}
