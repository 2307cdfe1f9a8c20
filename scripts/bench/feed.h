// A clip in memory, and a publisher that pushes it in real time over and over, its clock running on.
#pragma once
#include "rtmp.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>

struct tag {
  int type;
  uint32_t time;
  const uint8_t *body;
  size_t length;
  bool header;
};

struct clip {
  struct tag *tags;
  size_t count, first_media;
  uint32_t duration;
  double kbps;
};

/// Metadata and codec configurations are sent once, not on every round.
static bool is_header(int type, const uint8_t *body, size_t length) {
  if (type == TYPE_DATA || length < 2) return true;
  return type == TYPE_VIDEO ? body[1] == 0 : body[0] >> 4 == 10 && body[1] == 0;
}

UNUSED static struct clip load_clip(const char *name) {
  FILE *f = fopen(name, "rb");
  if (!f) fail("cannot open the clip");
  fseek(f, 0, SEEK_END);
  size_t size = ftell(f);
  uint8_t *all = malloc(size);
  rewind(f);
  if (fread(all, 1, size, f) != size || size < 13 || memcmp(all, "FLV", 3)) fail("the clip is no FLV");
  fclose(f);

  struct clip clip = {.tags = calloc(size / 15 + 1, sizeof(struct tag))};
  size_t bytes = 0;
  for (const uint8_t *p = all + 13; p + 11 <= all + size && p + 11 + read24(p + 1) <= all + size; p += 15 + read24(p + 1)) {
    struct tag t = {.type = p[0] & 31, .time = read24(p + 4) | (uint32_t)p[7] << 24, .body = p + 11, .length = read24(p + 1)};
    t.header = is_header(t.type, t.body, t.length);
    if (t.header && t.type == TYPE_VIDEO && t.body[1] == 2) continue;
    if (t.header && clip.count > 0 && !clip.tags[clip.count - 1].header) continue; // e.g. end of sequence
    if (t.header) clip.first_media = clip.count + 1;
    else bytes += t.length + 12;
    clip.tags[clip.count++] = t;
  }
  if (clip.first_media >= clip.count) fail("the clip has no media");
  size_t media = clip.count - clip.first_media;
  uint32_t last = clip.tags[clip.count - 1].time;
  clip.duration = last + (uint32_t)(last / (media > 1 ? media - 1 : 1)) + 1;
  clip.kbps = bytes * 8.0 / clip.duration;
  return clip;
}

struct publisher {
  struct client client;
  const struct clip *clip;
  /// Stream time 0, on the monotonic clock.
  int64_t began;
  size_t at;
  uint32_t round;
  uint8_t *unsent;
  size_t unsent_from, unsent_to, unsent_capacity;
  uint64_t messages, sent;
  /// Called for a message about to leave; may write a stamp into it.
  void (*stamp)(uint8_t *body, size_t length, int type);
  /// Bytes that `stamp` wants at the end of each media message.
  size_t (*stamp_size)(int type);
  double worst_late_ms;
};

UNUSED static void publisher_open(struct publisher *p, const struct url *u, int number, const struct clip *clip) {
  p->clip = clip;
  p->client.publish = true;
  client_open(&p->client, u, number, 0);
  int small = 65536; // so that a server that does not read shows up here, not in a kernel buffer of megabytes
  if (p->client.fd >= 0) setsockopt(p->client.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
}

static uint32_t publisher_time(const struct publisher *p) { return p->clip->tags[p->at].time + p->round * p->clip->duration; }

/// When the next message is due, on the monotonic clock.
UNUSED static int64_t publisher_due(const struct publisher *p) { return p->began + publisher_time(p) * 1000000LL; }

static bool publisher_flush(struct publisher *p) {
  while (p->unsent_from < p->unsent_to) {
    ssize_t n = send(p->client.fd, p->unsent + p->unsent_from, p->unsent_to - p->unsent_from, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) return client_die(&p->client, "send failed while publishing"), false;
    p->unsent_from += n;
    p->sent += n;
  }
  p->unsent_from = p->unsent_to = 0;
  return true;
}

/// Queues the next message behind what is still unsent.
static void publisher_queue(struct publisher *p) {
  static uint8_t body[1 << 20];
  const struct tag *t = &p->clip->tags[p->at];
  size_t length = t->length, more = p->stamp_size && !t->header ? p->stamp_size(t->type) : 0;
  size_t need = p->unsent_to + length + more + 16 + 5 * (length / OUT_CHUNK_SIZE + 2);
  if (need > p->unsent_capacity) p->unsent = realloc(p->unsent, p->unsent_capacity = 2 * need);
  const uint8_t *bytes = t->body;
  if (more && length + more <= sizeof body) {
    memcpy(body, bytes, length);
    length += more;
    p->stamp(body, length, t->type);
    bytes = body;
  }
  int csid = t->type == TYPE_VIDEO ? 6 : t->type == TYPE_AUDIO ? 4 : 5;
  p->unsent_to += put_message(p->unsent + p->unsent_to, csid, t->type, p->client.stream_id, publisher_time(p), bytes, length, OUT_CHUNK_SIZE);
  p->messages++;
  if (++p->at < p->clip->count) return;
  p->at = p->clip->first_media;
  p->round++;
}

/// Sends all messages that are due; what the socket does not take waits.
UNUSED static void publisher_push(struct publisher *p) {
  if (p->client.phase != READY) return;
  if (!p->began) p->began = now_ns();
  if (!publisher_flush(p)) return;
  for (int64_t t; p->client.phase == READY && (t = now_ns()) >= publisher_due(p);) {
    double late = (t - publisher_due(p)) / 1e6;
    if (late > p->worst_late_ms) p->worst_late_ms = late;
    publisher_queue(p);
    if (!publisher_flush(p)) return;
  }
}

/// Reads and forgets what the server says.
UNUSED static void publisher_listen(struct publisher *p) {
  static uint8_t nowhere[1];
  if (p->client.phase != READY) return;
  ssize_t n = recv(p->client.fd, nowhere, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN)) client_die(&p->client, "closed while publishing");
}

/// How much of the stream, in ms, has been due but not yet taken by the server's machine.
UNUSED static double publisher_backlog_ms(const struct publisher *p) {
  int queued = 0;
  if (p->client.phase != READY || !p->began) return 0;
  ioctl(p->client.fd, SIOCOUTQ, &queued);
  double behind = (now_ns() - publisher_due(p)) / 1e6;
  return (queued + p->unsent_to - p->unsent_from) * 8 / p->clip->kbps + (behind > 0 ? behind : 0);
}
