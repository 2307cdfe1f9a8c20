// limit: what the kernel alone costs. Every WINDOW ms each connection is sent the same batch of the stream's bit rate:
// no protocol, no state beyond the socket. No fan-out server can be cheaper on this load.
//   limit PORT WINDOW_MS KBPS
#include "net.h"
#include <poll.h>

enum { MAX_SOCKETS = 65536 };

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) fail("cannot listen");
  return fd;
}

/// Accepts until `deadline`, returns how many sockets there are now.
static int accept_until(int listener, int64_t deadline, int *sockets, int count) {
  for (int64_t left; (left = deadline - now_ns()) > 0;) {
    struct pollfd p = {.fd = listener, .events = POLLIN};
    struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    if (ppoll(&p, 1, &t, 0) <= 0) continue;
    int fd = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && count < MAX_SOCKETS) sockets[count++] = fd;
  }
  return count;
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: limit PORT WINDOW_MS KBPS");
  static int sockets[MAX_SOCKETS];
  int count = 0;
  int64_t window = atoi(argv[2]) * 1000000LL;
  size_t size = (size_t)(atof(argv[3]) * 1000 / 8 * window / 1e9);
  uint8_t *batch = malloc(size);
  memset(batch, 0x5a, size);
  prepare_process();
  int listener = listen_on(atoi(argv[1]));
  for (int64_t next = now_ns() + window;; next += window) {
    count = accept_until(listener, next, sockets, count);
    for (int i = 0; i < count; i++) {
      if (send(sockets[i], batch, size, MSG_NOSIGNAL) >= 0 || errno == EAGAIN) continue;
      close(sockets[i]);
      sockets[i--] = sockets[--count];
    }
  }
}
