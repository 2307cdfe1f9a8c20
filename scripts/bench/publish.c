// publish: many cheap encoders. Each pushes the same FLV clip in real time, round and round, to its own name.
//   publish -u URL -f CLIP [-c publishers] [-r publishers/s] [-w warm-up s] [-d window s]
// "%d" in the URL becomes the publisher's number. Without -d it publishes until SIGTERM. Says READY on stderr once all
// publish; one JSON line at the end: how far they fell behind (backlog) and how late this tool itself was.
//   publish -f CLIP -k: only prints the clip's bit rate.
#include "feed.h"
#include <sys/epoll.h>
#include <sys/prctl.h>

static struct publisher *publishers;
static int count = 1, opened, epoll;
static volatile sig_atomic_t stopped;

static void stop(int signal) { (void)signal, stopped = 1; }

static void open_one(int i, const struct url *url, const struct clip *clip) {
  struct publisher *p = &publishers[i];
  publisher_open(p, url, i, clip);
  struct epoll_event e = {.events = EPOLLOUT, .data.ptr = p};
  if (p->client.phase != DEAD) epoll_ctl(epoll, EPOLL_CTL_ADD, p->client.fd, &e);
}

static void on_event(struct publisher *p) {
  bool connecting = p->client.phase == CONNECTING;
  client_step(&p->client);
  if (p->client.phase == DEAD) return;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};
  if (connecting) epoll_ctl(epoll, EPOLL_CTL_MOD, p->client.fd, &e);
  if (p->client.phase == READY) epoll_ctl(epoll, EPOLL_CTL_DEL, p->client.fd, 0);
}

static int in_phase(enum phase phase) {
  int n = 0;
  for (int i = 0; i < opened; i++) n += publishers[i].client.phase == phase;
  return n;
}

static void step_setup(void) {
  struct epoll_event events[64];
  int n = epoll_wait(epoll, events, 64, 0);
  for (int i = 0; i < n; i++) on_event(events[i].data.ptr);
}

/// Sleeps until the next message is due, 1 ms at most while connections are being opened, 20 ms at most else.
static void sleep_until_due(bool setup) {
  int64_t t = now_ns(), next = t + (setup ? 1000000 : 20000000);
  for (int i = 0; i < opened; i++) {
    struct publisher *p = &publishers[i];
    if (p->client.phase != READY) continue;
    int64_t due = p->unsent_to ? t + 1000000 : publisher_due(p);
    if (due < next) next = due;
  }
  struct timespec until = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
  if (next > t) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
}

static void report(double seconds, double cpu, uint64_t messages, uint64_t bytes, const double *backlog) {
  double *sorted = malloc(count * sizeof *sorted), *late = malloc(count * sizeof *late);
  struct reasons why = {0};
  for (int i = 0; i < count; i++) {
    struct client *c = &publishers[i].client;
    sorted[i] = backlog[i];
    late[i] = publishers[i].worst_late_ms;
    if (c->phase == DEAD) count_reason(&why, c->why);
    else if (c->phase != READY) count_reason(&why, "stuck in setup");
  }
  sort_doubles(sorted, count);
  sort_doubles(late, count);
  printf("{\"publishers\":%d,\"live\":%d,\"window_s\":%.2f,\"messages_per_s\":%.0f,\"mbps\":%.2f,", count, in_phase(READY), seconds, messages / seconds, bytes * 8 / seconds / 1e6);
  printf("\"backlog_ms_median\":%.1f,\"backlog_ms_p99\":%.1f,\"backlog_ms_max\":%.1f,", percentile(sorted, count, 50), percentile(sorted, count, 99), percentile(sorted, count, 100));
  printf("\"tool_late_ms_median\":%.1f,\"tool_late_ms_max\":%.1f,\"publish_cpu\":%.1f,\"why\":", percentile(late, count, 50), percentile(late, count, 100), cpu);
  print_reasons(&why);
  printf("}\n");
}

int main(int argc, char **argv) {
  const char *file = 0;
  struct url url = {.port = 0};
  double rate = 50, warm = 0, window = 1e9;
  for (int o; (o = getopt(argc, argv, "u:f:c:r:w:d:k")) > 0;) {
    if (o == 'u') url = parse_url(optarg);
    else if (o == 'f') file = optarg;
    else if (o == 'c') count = atoi(optarg);
    else if (o == 'r') rate = atof(optarg);
    else if (o == 'w') warm = atof(optarg);
    else if (o == 'd') window = atof(optarg);
    else if (o == 'k') return printf("%.1f\n", load_clip(file).kbps), 0;
    else return 2;
  }
  if (!file || !url.port) fail("publish needs -u URL and -f CLIP");
  prepare_process();
  prctl(PR_SET_TIMERSLACK, 1000);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  struct clip clip = load_clip(file);
  publishers = calloc(count, sizeof *publishers);
  double *backlog = calloc(count, sizeof *backlog);
  epoll = epoll_create1(EPOLL_CLOEXEC);

  double began = now(), sampled = began, from = 0, cpu = 0;
  uint64_t messages = 0, bytes = 0;
  bool ready = false;
  while (!stopped && (!from || now() < from + window)) {
    double t = now();
    while (opened < count && opened <= (t - began) * rate) open_one(opened, &url, &clip), opened++;
    if (!ready) step_setup();
    for (int i = 0; i < opened; i++) publisher_push(&publishers[i]);
    if (!ready && opened == count && (in_phase(READY) + in_phase(DEAD) == count || t > began + count / rate + 20)) {
      ready = true;
      fprintf(stderr, "READY live=%d dead=%d kbps=%.1f\n", in_phase(READY), in_phase(DEAD), clip.kbps);
      began = t;
    }
    if (ready && !from && t >= began + warm) {
      from = t;
      cpu = cpu_seconds();
      for (int i = 0; i < count; i++) messages -= publishers[i].messages, bytes -= publishers[i].sent, publishers[i].worst_late_ms = 0;
      fprintf(stderr, "WINDOW-START\n");
    }
    if (t >= sampled + 0.25) {
      for (int i = 0; i < opened; i++) {
        publisher_listen(&publishers[i]);
        double ms = from ? publisher_backlog_ms(&publishers[i]) : 0;
        if (ms > backlog[i]) backlog[i] = ms;
      }
      sampled = t;
    }
    if (ready && in_phase(DEAD) == count) break;
    sleep_until_due(!ready);
  }
  double seconds = from ? now() - from : 1;
  for (int i = 0; i < count; i++) messages += publishers[i].messages, bytes += publishers[i].sent;
  report(seconds, (cpu_seconds() - cpu) / seconds * 100, messages, bytes, backlog);
}
