// sink: many cheap players. Each connects, asks for its stream and then only counts bytes: one sweep over all sockets
// every few ms, and the kernel throws the bytes away (MSG_TRUNC), so that the server under test is what gets loaded.
//   sink -u URL [-c players] [-n streams] [-r players/s] [-w warm-up s] [-d window s] [-i sweep ms] [-a addresses] [-s stalled]
// URL: rtmp://, http:// (FLV), ws:// (FLV) or tcp:// (connect and count, for `limit`). With -n K, "%d" in the URL becomes
// i mod K. -a K spreads the players over 127.0.0.1 … 127.0.0.K. -s S: the first S players never read.
// One JSON line at the end; the window starts `warm-up` seconds after the last player has joined (or failed).
#include "rtmp.h"
#include <sys/epoll.h>

struct player {
  struct client client;
  bool done, stalled;
  uint64_t at_window, acked;
  double opened, first, last, gap;
};

struct options {
  int players, streams, addresses, stalled;
  double rate, warm, window, sweep;
};

static struct options opt = {.players = 1, .rate = 300, .warm = 6, .window = 20, .sweep = 0.1};
static struct url url;
static struct player *players;
static int epoll, opened, playing, dead;

static bool is(const char *scheme) { return !strcmp(url.scheme, scheme); }

static void watch(struct player *p, int op, uint32_t events) {
  struct epoll_event e = {.events = events, .data.ptr = p};
  epoll_ctl(epoll, op, p->client.fd, &e);
}

// ---- joining

static void open_player(int i) {
  struct player *p = &players[i];
  p->opened = now();
  p->stalled = i < opt.stalled;
  client_open(&p->client, &url, opt.streams ? i % opt.streams : i, opt.addresses ? 1 + i % opt.addresses : 0);
  if (p->client.phase == DEAD) p->done = true, dead++;
  else watch(p, EPOLL_CTL_ADD, EPOLLOUT);
}

static void send_http_request(struct client *c) {
  char request[1024];
  const char *upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c3JzLWJlbmNoLXNpbmsuLg==\r\n";
  int n = snprintf(request, sizeof request, "GET /%s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: srs-bench\r\n%s\r\n", client_path(c), url.host, url.port, is("ws") ? upgrade : "");
  c->phase = HANDSHAKING;
  c->in = new_reader();
  client_send(c, request, n);
}

static void step_http(struct client *c) {
  if (c->phase == CONNECTING) {
    if (socket_error(c->fd)) client_die(c, "cannot connect");
    else send_http_request(c);
    return;
  }
  ssize_t n = recv(c->fd, reader_room(c->in, 16384), 16384, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return client_die(c, n ? "reset in setup" : "closed in setup");
  c->bytes += n;
  c->in->end += n;
  if (!memmem(c->in->bytes, c->in->end, "\r\n\r\n", 4)) return;
  if (memcmp(c->in->bytes + 9, is("ws") ? "101" : "200", 3)) client_die(c, "http status");
  else c->phase = READY;
}

static void step_tcp(struct client *c) {
  if (socket_error(c->fd)) client_die(c, "cannot connect");
  else c->phase = READY;
}

static void step(struct player *p) {
  struct client *c = &p->client;
  bool connecting = c->phase == CONNECTING;
  if (is("rtmp")) client_step(c);
  else if (is("tcp")) step_tcp(c);
  else step_http(c);
  if (c->phase == DEAD) p->done = true, dead++;
  else if (connecting && c->phase != READY) watch(p, EPOLL_CTL_MOD, EPOLLIN);
  if (c->phase != READY) return;
  watch(p, EPOLL_CTL_DEL, 0);
  free_reader(c->in);
  c->in = 0;
  p->done = true;
  p->last = now();
  playing++;
}

// ---- counting

static void count_bytes(struct player *p, double t) {
  static uint8_t nowhere[1];
  struct client *c = &p->client;
  ssize_t n, total = 0;
  do {
    n = recv(c->fd, nowhere, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
    if (n > 0) total += n;
  } while (n >= 1 << 18); // less than that: the queue was emptied
  if (n == 0 || (n < 0 && errno != EAGAIN)) {
    client_die(c, n ? "reset while playing" : "closed while playing");
    playing--;
    dead++;
    return;
  }
  if (t - p->last > p->gap) p->gap = t - p->last;
  if (total == 0) return;
  c->bytes += total;
  p->last = t;
  if (!p->first) p->first = t;
  if (!is("rtmp") || c->bytes - p->acked < c->ack_window / 2) return; // at half the window, as ffmpeg does
  send_ack(c);
  p->acked = c->bytes;
}

static void sweep(double t) {
  for (int i = 0; i < opened; i++)
    if (players[i].client.phase == READY && !players[i].stalled) count_bytes(&players[i], t);
}

// ---- the run

static void wait_for_events(double until) {
  struct epoll_event events[256];
  double left = until - now();
  int n = epoll_wait(epoll, events, 256, left > 0 ? (int)(left * 1000) : 0);
  for (int i = 0; i < n; i++) {
    struct player *p = events[i].data.ptr;
    if (!p->done) step(p);
  }
}

/// Opens, joins and sweeps until `until`, or until everybody has joined or failed when `joining`.
static void run_until(double until, bool joining) {
  static double began, next_sweep;
  if (!began) began = next_sweep = now();
  for (double t; (t = now()) < until;) {
    while (opened < opt.players && opened < (t - began) * opt.rate) open_player(opened), opened++;
    double soon = opened < opt.players && t + 0.002 < next_sweep ? t + 0.002 : next_sweep;
    wait_for_events(soon < until ? soon : until);
    if (now() >= next_sweep) {
      sweep(now());
      next_sweep += opt.sweep;
      if (next_sweep < now()) next_sweep = now() + opt.sweep / 4;
    }
    if (joining && opened == opt.players && playing + dead >= opened) return;
    if (dead == opt.players) return;
  }
}

static void start_window(double t) {
  for (int i = 0; i < opt.players; i++) {
    players[i].at_window = players[i].client.bytes;
    players[i].gap = 0;
    players[i].last = t;
  }
}

static void report(double seconds, double cpu) {
  int n = 0, firsts = 0, silent = 0;
  double *kbps = calloc(opt.players, sizeof *kbps), *gap = calloc(opt.players, sizeof *gap), *first = calloc(opt.players, sizeof *first), sum = 0;
  struct reasons why = {0};
  for (int i = 0; i < opt.players; i++) {
    struct player *p = &players[i];
    if (p->client.phase == DEAD) count_reason(&why, p->client.why);
    else if (p->client.phase != READY) count_reason(&why, "stuck in setup");
    if (p->stalled) continue;
    kbps[n] = (p->client.bytes - p->at_window) * 8 / seconds / 1000;
    sum += kbps[n];
    gap[n++] = p->gap * 1000;
    if (p->first) first[firsts++] = (p->first - p->opened) * 1000;
    else silent++;
  }
  sort_doubles(kbps, n);
  sort_doubles(gap, n);
  sort_doubles(first, firsts);
  printf("{\"players\":%d,\"playing\":%d,\"dead\":%d,\"silent\":%d,\"stalled\":%d,\"window_s\":%.2f,\"mbps\":%.1f,", opt.players, playing, dead, silent, opt.stalled, seconds, sum / 1000);
  printf("\"kbps_min\":%.1f,\"kbps_p5\":%.1f,\"kbps_median\":%.1f,\"kbps_max\":%.1f,", percentile(kbps, n, 0), percentile(kbps, n, 5), percentile(kbps, n, 50), percentile(kbps, n, 100));
  printf("\"gap_ms_median\":%.0f,\"gap_ms_max\":%.0f,\"first_ms_median\":%.0f,\"first_ms_max\":%.0f,", percentile(gap, n, 50), percentile(gap, n, 100), percentile(first, firsts, 50), percentile(first, firsts, 100));
  printf("\"sink_cpu\":%.1f,\"why\":", cpu);
  print_reasons(&why);
  printf("}\n");
}

int main(int argc, char **argv) {
  for (int o; (o = getopt(argc, argv, "u:c:n:r:w:d:i:a:s:")) > 0;) {
    if (o == 'u') url = parse_url(optarg);
    else if (o == 'c') opt.players = atoi(optarg);
    else if (o == 'n') opt.streams = atoi(optarg);
    else if (o == 'r') opt.rate = atof(optarg);
    else if (o == 'w') opt.warm = atof(optarg);
    else if (o == 'd') opt.window = atof(optarg);
    else if (o == 'i') opt.sweep = atof(optarg) / 1000;
    else if (o == 'a') opt.addresses = atoi(optarg);
    else if (o == 's') opt.stalled = atoi(optarg);
    else return 2;
  }
  if (!url.scheme[0]) fail("sink needs -u URL");
  prepare_process();
  players = calloc(opt.players, sizeof *players);
  epoll = epoll_create1(EPOLL_CLOEXEC);

  run_until(now() + opt.players / opt.rate + 20, true);
  fprintf(stderr, "JOINED playing=%d dead=%d\n", playing, dead);
  run_until(now() + opt.warm, false);
  double from = now(), cpu = cpu_seconds();
  start_window(from);
  fprintf(stderr, "WINDOW-START\n");
  run_until(from + opt.window, false);
  double seconds = now() - from;
  cpu = (cpu_seconds() - cpu) / seconds * 100;
  fprintf(stderr, "WINDOW-END\n");
  report(seconds, cpu);
}
