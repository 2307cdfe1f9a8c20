// probe: what a viewer waits for, measured inside one process so that one clock is enough.
//   probe latency -u URL -f CLIP [-p players] [-j seconds] [-w warm-up s] [-d window s]
//     publishes the clip with the send time in every message (an SEI after the video NALUs, plain bytes after audio),
//     and reports how long messages were under way. Its players join one after another over `-j` seconds, while others
//     join as well: some servers write to the newest player first and some last, so one place in the row says nothing.
//     `late` is how late the probe itself woke up: the noise of the measurement.
//   probe join -u URL [-n times] [-g GOP ms]
//     plays a running stream again and again, and reports how long it takes from `play` to the first whole key frame.
#include "feed.h"
#include <poll.h>
#include <sys/prctl.h>

// ---- the stamp: an SEI NALU, user data unregistered: size, type 6, payload type 5, payload size 24, UUID, time

static const uint8_t uuid[16] = {0x73, 0x72, 0x73, 0x2d, 0x62, 0x65, 0x6e, 0x63, 0x68, 0x2d, 0x73, 0x74, 0x61, 0x6d, 0x70, 0x21};
enum { NALU_SIZE = 28, UUID_AT = 7, STAMP_SIZE = 4 + NALU_SIZE, AUDIO_STAMP_SIZE = 24 };

static size_t stamp_size(int type) { return type == TYPE_VIDEO ? STAMP_SIZE : type == TYPE_AUDIO ? AUDIO_STAMP_SIZE : 0; }

static void write_stamp(uint8_t *body, size_t length, int type) {
  uint8_t *p = body + length - stamp_size(type);
  int64_t t = now_ns();
  if (type == TYPE_VIDEO) {
    p = put32(p, NALU_SIZE);
    *p++ = 6, *p++ = 5, *p++ = 24;
  }
  memcpy(p, uuid, sizeof uuid);
  p = put32(put32(p + sizeof uuid, t >> 32), (uint32_t)t);
  if (type == TYPE_VIDEO) *p = 0x80;
}

/// When the message was sent, or 0 if it bears no stamp.
static int64_t read_stamp(const struct message *m) {
  size_t size = stamp_size(m->type);
  if (size == 0 || m->length <= size) return 0;
  const uint8_t *p = m->body + m->length - size + (m->type == TYPE_VIDEO ? UUID_AT : 0);
  if (memcmp(p, uuid, sizeof uuid)) return 0;
  return (int64_t)((uint64_t)read32(p + 16) << 32 | read32(p + 20));
}

static bool is_key_frame(const struct message *m) {
  return m->type == TYPE_VIDEO && m->length > 5 && (m->body[0] >> 4 & 7) == 1 && (m->body[0] & 0x80 || m->body[1] == 1);
}

// ---- one player that reads messages

enum { MAX_PLAYERS = 16 };

/// Waits until `until` for any of the sockets; false on timeout.
static bool wait_for(const struct client *clients, int count, int64_t until) {
  struct pollfd fds[MAX_PLAYERS];
  for (int i = 0; i < count; i++) fds[i] = (struct pollfd){.fd = clients[i].fd, .events = clients[i].phase == CONNECTING ? POLLOUT : POLLIN};
  int64_t left = until - now_ns();
  if (left < 0) left = 0;
  struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
  return ppoll(fds, count, &t, 0) > 0;
}

static bool receive(struct client *c) {
  ssize_t n = recv(c->fd, reader_room(c->in, 65536), 65536, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return false;
  if (n <= 0) return client_die(c, "closed while playing"), false;
  c->in->end += n;
  c->bytes += n;
  return true;
}

static void die_with(const char *what, const struct client *c) {
  fprintf(stderr, "%s: %s\n", what, c->why ? c->why : "timeout");
  exit(1);
}

static bool is_writable(const struct client *c) {
  struct pollfd p = {.fd = c->fd, .events = POLLOUT};
  return poll(&p, 1, 0) > 0;
}

// ---- latency

struct samples {
  double *ms;
  size_t count, capacity;
};

static void add_sample(struct samples *s, double ms) {
  if (s->count == s->capacity) s->ms = realloc(s->ms, (s->capacity = 2 * s->capacity + 1024) * sizeof *s->ms);
  s->ms[s->count++] = ms;
}

static void print_samples(const char *name, struct samples *s) {
  sort_doubles(s->ms, s->count);
  printf("\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, s->count, percentile(s->ms, s->count, 50), percentile(s->ms, s->count, 95), percentile(s->ms, s->count, 99), percentile(s->ms, s->count, 100));
}

/// Messages sent since `since` are samples; older ones came from the GOP cache or the warm-up.
static void take_samples(struct client *player, int64_t since, struct samples *video, struct samples *audio) {
  struct message m;
  int64_t arrived = now_ns();
  int got;
  while ((got = read_message(player->in, &m)) == 1) {
    int64_t sent = read_stamp(&m);
    if (sent == 0 || sent < since) continue;
    add_sample(m.type == TYPE_VIDEO ? video : audio, (arrived - sent) / 1e6);
  }
  if (got < 0) client_die(player, "not RTMP");
}

static void start_publishing(struct publisher *p, const struct url *url, const struct clip *clip) {
  publisher_open(p, url, 0, clip);
  int64_t give_up = now_ns() + 10000000000LL;
  while (p->client.phase < READY && now_ns() < give_up)
    if (wait_for(&p->client, 1, give_up)) client_step(&p->client);
  if (p->client.phase != READY) die_with("cannot publish", &p->client);
  fprintf(stderr, "READY\n");
}

static int run_latency(const struct url *url, const char *file, int count, double joining, double warm, double window) {
  struct clip clip = load_clip(file);
  struct publisher publisher = {.stamp = write_stamp, .stamp_size = stamp_size};
  struct client players[MAX_PLAYERS] = {0};
  struct samples video = {0}, audio = {0}, late = {0};
  start_publishing(&publisher, url, &clip);

  int opened = 0;
  int64_t began = now_ns(), step = (int64_t)(joining * 1e9 / (count > 1 ? count - 1 : 1));
  int64_t since = began + (int64_t)((joining + warm) * 1e9), end = since + (int64_t)(window * 1e9), last = end + 1000000000LL;
  while (now_ns() < last) {
    int64_t t = now_ns();
    if (opened < count && t >= began + opened * step) client_open(&players[opened++], url, 0, 0);
    uint64_t pushed = publisher.messages;
    publisher.worst_late_ms = 0;
    if (t < end) publisher_push(&publisher);
    if (t >= since && publisher.messages > pushed) add_sample(&late, publisher.worst_late_ms);
    publisher_listen(&publisher);
    if (publisher.client.phase == DEAD) die_with("publisher", &publisher.client);
    int64_t until = t < end ? publisher_due(&publisher) : last;
    if (publisher.unsent_to) until = t + 1000000;
    if (opened < count && began + opened * step < until) until = began + opened * step;
    if (!wait_for(players, opened, until)) continue;
    for (int i = 0; i < opened; i++) {
      struct client *c = &players[i];
      if (c->phase == CONNECTING && !is_writable(c)) continue;
      if (c->phase != READY) client_step(c);
      else if (receive(c)) take_samples(c, since, &video, &audio);
      if (c->phase == DEAD) die_with("player", c);
    }
  }
  printf("{\"players\":%d,\"window_s\":%.1f,\"expected_video\":%.0f,", count, window, window * 25 * count);
  print_samples("video", &video);
  printf(",");
  print_samples("audio", &audio);
  printf(",");
  print_samples("late", &late);
  printf("}\n");
  return 0;
}

// ---- join

/// Milliseconds from `play` to the first whole key frame, or -1.
static double join_once(const struct url *url) {
  struct client c = {.hold_play = true};
  struct message m;
  client_open(&c, url, 0, 0);
  int64_t give_up = now_ns() + 10000000000LL, asked = 0;
  double ms = -1;
  while (ms < 0 && c.phase != DEAD && wait_for(&c, 1, give_up)) {
    if (c.phase < READY) {
      client_step(&c);
      if (c.phase != READY) continue;
      asked = now_ns();
      send_play(&c);
    } else receive(&c);
    while (c.phase == READY && ms < 0 && read_message(c.in, &m) == 1)
      if (is_key_frame(&m)) ms = (now_ns() - asked) / 1e6;
  }
  client_die(&c, "done");
  return ms;
}

static int run_join(const struct url *url, int times, double gop_ms) {
  struct samples joins = {0};
  int failed = 0;
  for (int i = 0; i < times; i++) {
    double ms = join_once(url);
    if (ms < 0) failed++;
    else add_sample(&joins, ms);
    // Where a server waits for the next key frame, a join ends with one. So the next begins at another phase of the
    // GOP each time, evenly spread (golden ratio), or the wait would be the GOP less the pause, always.
    double phase = i * 0.6180339887;
    usleep((useconds_t)((phase - (int)phase) * gop_ms * 1000));
  }
  printf("{\"times\":%d,\"failed\":%d,", times, failed);
  print_samples("join", &joins);
  printf("}\n");
  return 0;
}

int main(int argc, char **argv) {
  struct url url = {.port = 0};
  const char *file = 0;
  double joining = 2, warm = 2, window = 20, gop = 2000;
  int times = 20, players = 5;
  for (int o; (o = getopt(argc, argv, "u:f:p:j:w:d:n:g:")) > 0;) {
    if (o == 'u') url = parse_url(optarg);
    else if (o == 'f') file = optarg;
    else if (o == 'p') players = atoi(optarg);
    else if (o == 'j') joining = atof(optarg);
    else if (o == 'w') warm = atof(optarg);
    else if (o == 'd') window = atof(optarg);
    else if (o == 'n') times = atoi(optarg);
    else if (o == 'g') gop = atof(optarg);
    else return 2;
  }
  const char *what = optind < argc ? argv[optind] : "";
  prepare_process();
  prctl(PR_SET_TIMERSLACK, 1000);
  if (!strcmp(what, "latency") && url.port && file) return run_latency(&url, file, players < 1 ? 1 : players > MAX_PLAYERS ? MAX_PLAYERS : players, joining, warm, window);
  if (!strcmp(what, "join") && url.port) return run_join(&url, times, gop);
  fail("usage: probe latency -u URL -f CLIP … | probe join -u URL …");
}
