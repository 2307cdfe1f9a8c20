// What every load tool here needs: clocks, sockets, URLs, percentiles. Header only, so that each tool is one `cc` call.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

UNUSED static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

UNUSED static double now(void) { return now_ns() / 1e9; }

/// CPU seconds, user and system, that this process has used.
UNUSED static double cpu_seconds(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

UNUSED static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(2);
}

/// As many files as the machine allows, and no death by a peer that closes.
UNUSED static void prepare_process(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stderr, 0, _IOLBF, 0);
}

// ---- percentiles

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

UNUSED static void sort_doubles(double *v, size_t n) { qsort(v, n, sizeof *v, compare_doubles); }

/// Of sorted values; 0 if there are none.
UNUSED static double percentile(const double *sorted, size_t n, double p) {
  if (n == 0) return 0;
  size_t i = (size_t)(p / 100 * n);
  return sorted[i < n ? i : n - 1];
}

// ---- why connections died

struct reasons {
  const char *text[16];
  int count[16];
};

UNUSED static void count_reason(struct reasons *r, const char *text) {
  int i = 0;
  while (i < 15 && r->text[i] && strcmp(r->text[i], text)) i++;
  r->text[i] = text;
  r->count[i]++;
}

UNUSED static void print_reasons(const struct reasons *r) {
  printf("{");
  for (int i = 0; i < 16 && r->text[i]; i++) printf("%s\"%s\":%d", i ? "," : "", r->text[i], r->count[i]);
  printf("}");
}

// ---- URLs and sockets

struct url {
  char scheme[8], host[64], path[400];
  int port;
};

/// scheme://host[:port]/path, the host as an IPv4 address.
UNUSED static struct url parse_url(const char *text) {
  struct url u = {.port = 0};
  if (sscanf(text, "%7[a-z]://%63[^:/]:%d/%399s", u.scheme, u.host, &u.port, u.path) < 3) {
    u.port = 0;
    if (sscanf(text, "%7[a-z]://%63[^:/]/%399s", u.scheme, u.host, u.path) < 2) fail("cannot read the URL");
  }
  if (!u.port) u.port = strcmp(u.scheme, "rtmp") ? 80 : 1935;
  return u;
}

/// A TCP connection on its way, not blocking, or -1. With `source` > 0 it leaves from 127.0.0.`source`, because one
/// local address has only 28 000 ports for one server.
UNUSED static int dial(const struct url *u, int source) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source > 0) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + source)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    bind(fd, (struct sockaddr *)&from, sizeof from);
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(u->port)};
  if (inet_pton(AF_INET, u->host, &to.sin_addr) != 1 || (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) {
    close(fd);
    return -1;
  }
  return fd;
}

/// 0 once connected, else the error.
UNUSED static int socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}
