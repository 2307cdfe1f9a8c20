// As much of an RTMP client as a load tool needs: simple handshake, connect, createStream, then play or publish.
#pragma once
#include "net.h"

enum { TYPE_SET_CHUNK_SIZE = 1, TYPE_ACK = 3, TYPE_USER = 4, TYPE_ACK_WINDOW = 5, TYPE_AUDIO = 8, TYPE_VIDEO = 9, TYPE_DATA = 18, TYPE_COMMAND = 20 };
enum { HANDSHAKE_SIZE = 1536, OUT_CHUNK_SIZE = 60000, DEFAULT_ACK_WINDOW = 2000000 };

static uint32_t read24(const uint8_t *p) { return p[0] << 16 | p[1] << 8 | p[2]; }
static uint32_t read32(const uint8_t *p) { return (uint32_t)p[0] << 24 | read24(p + 1); }

UNUSED static uint8_t *put24(uint8_t *p, uint32_t v) { return *p++ = v >> 16, *p++ = v >> 8, *p++ = v, p; }
UNUSED static uint8_t *put32(uint8_t *p, uint32_t v) { return *p++ = v >> 24, put24(p, v); }

// ---- AMF0, writing only, and just enough reading to find a number after a name

static uint8_t *put_key(uint8_t *p, const char *s) {
  size_t n = strlen(s);
  *p++ = n >> 8;
  *p++ = n;
  memcpy(p, s, n);
  return p + n;
}

static uint8_t *put_string(uint8_t *p, const char *s) { return *p++ = 2, put_key(p, s); }
static uint8_t *put_null(uint8_t *p) { return *p++ = 5, p; }

static uint8_t *put_number(uint8_t *p, double d) {
  uint64_t bits;
  memcpy(&bits, &d, 8);
  *p++ = 0;
  return put32(put32(p, bits >> 32), bits);
}

/// The number at `p`, or `otherwise` if there is none.
static double number_at(const uint8_t *p, const uint8_t *end, double otherwise) {
  if (end - p < 9 || *p != 0) return otherwise;
  uint64_t bits = (uint64_t)read32(p + 1) << 32 | read32(p + 5);
  double d;
  memcpy(&d, &bits, 8);
  return d;
}

// ---- chunks out

/// Writes one message as chunks (a fmt 0 header, then fmt 3) and returns its length; `out` needs n + 16 + 5 per chunk.
static size_t put_message(uint8_t *out, int csid, int type, uint32_t stream, uint32_t time, const uint8_t *body, size_t n, size_t chunk) {
  bool extended = time >= 0xffffff;
  uint8_t *p = out;
  *p++ = csid;
  p = put24(put24(p, extended ? 0xffffff : time), n);
  *p++ = type;
  for (int i = 0; i < 4; i++) *p++ = stream >> 8 * i;
  if (extended) p = put32(p, time);
  for (size_t at = 0; at < n; at += chunk) {
    if (at > 0) *p++ = 0xc0 | csid;
    if (at > 0 && extended) p = put32(p, time);
    size_t part = n - at < chunk ? n - at : chunk;
    memcpy(p, body + at, part);
    p += part;
  }
  return p - out;
}

// ---- chunks in

struct message {
  int type;
  const uint8_t *body;
  size_t length;
};

struct chunk_stream {
  int type;
  bool extended;
  size_t length, got, capacity;
  uint8_t *body;
};

struct chunk_reader {
  size_t chunk_size, start, end, capacity;
  uint8_t *bytes;
  struct chunk_stream streams[64];
};

static struct chunk_reader *new_reader(void) {
  struct chunk_reader *r = calloc(1, sizeof *r);
  r->chunk_size = 128;
  return r;
}

static void free_reader(struct chunk_reader *r) {
  if (!r) return;
  for (int i = 0; i < 64; i++) free(r->streams[i].body);
  free(r->bytes);
  free(r);
}

/// Room for `n` more bytes; the caller adds what it wrote to `end`.
static uint8_t *reader_room(struct chunk_reader *r, size_t n) {
  if (r->start == r->end) r->start = r->end = 0;
  if (r->end + n > r->capacity && r->start > 0) {
    memmove(r->bytes, r->bytes + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
  }
  if (r->end + n > r->capacity) r->bytes = realloc(r->bytes, r->capacity = 2 * (r->end + n));
  return r->bytes + r->end;
}

/// Takes one whole chunk off the buffer. 1: `out` is a message, valid until the next call; 0: a chunk, but no message yet;
/// -1: more bytes are needed; -2: not RTMP, or a chunk stream id above 63.
static int read_chunk(struct chunk_reader *r, struct message *out) {
  static const size_t header_sizes[] = {11, 7, 3, 0};
  const uint8_t *p = r->bytes + r->start;
  size_t have = r->end - r->start;
  if (have < 1) return -1;
  int fmt = p[0] >> 6, id = p[0] & 63;
  if (id < 2) return -2;
  struct chunk_stream *s = &r->streams[id];
  size_t header = 1 + header_sizes[fmt];
  if (have < header) return -1;
  bool extended = fmt == 3 ? s->extended : read24(p + 1) == 0xffffff;
  size_t length = fmt < 2 ? read24(p + 4) : s->length;
  size_t part = length - s->got < r->chunk_size ? length - s->got : r->chunk_size;
  if (extended) header += 4;
  if (have < header + part) return -1;

  s->extended = extended;
  s->length = length;
  if (fmt < 2) s->type = p[7];
  if (s->capacity < length) s->body = realloc(s->body, s->capacity = length);
  if (part > 0) memcpy(s->body + s->got, p + header, part);
  s->got += part;
  r->start += header + part;
  if (s->got < length) return 0;
  s->got = 0;
  if (s->type == TYPE_SET_CHUNK_SIZE && length >= 4) r->chunk_size = read32(s->body) & 0x7fffffff;
  *out = (struct message){.type = s->type, .body = s->body, .length = length};
  return 1;
}

/// The next message: 1, or 0 if bytes are missing, or -1 if this is not RTMP.
static int read_message(struct chunk_reader *r, struct message *out) {
  int got;
  do got = read_chunk(r, out);
  while (got == 0);
  return got == 1 ? 1 : got + 1;
}

// ---- the client

enum phase { CONNECTING, HANDSHAKING, WAIT_CONNECT, WAIT_STREAM, WAIT_PUBLISH, READY, DEAD };

/// From CONNECTING to READY (playing or publishing) it is driven by `client_step`; what comes then is the caller's.
struct client {
  int fd;
  enum phase phase;
  bool publish, hold_play;
  const char *why;
  const struct url *url;
  int number;
  uint32_t stream_id, ack_window;
  uint64_t bytes;
  struct chunk_reader *in;
};

static void client_die(struct client *c, const char *why) {
  if (c->phase == DEAD) return;
  c->phase = DEAD;
  c->why = why;
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  free_reader(c->in);
  c->in = 0;
}

static bool client_send(struct client *c, const void *bytes, size_t n) {
  if (send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n) return true;
  client_die(c, "send failed in setup");
  return false;
}

/// Starts to connect; `number` replaces "%d" in the path.
UNUSED static void client_open(struct client *c, const struct url *u, int number, int source) {
  c->url = u;
  c->number = number;
  c->ack_window = DEFAULT_ACK_WINDOW;
  c->fd = dial(u, source);
  c->phase = CONNECTING;
  if (c->fd < 0) client_die(c, strerror(errno));
}

/// The path with its number, in a static buffer.
static char *client_path(const struct client *c) {
  static char path[512];
  const char *hole = strstr(c->url->path, "%d");
  if (hole) snprintf(path, sizeof path, "%.*s%d%s", (int)(hole - c->url->path), c->url->path, c->number, hole + 2);
  else snprintf(path, sizeof path, "%s", c->url->path);
  return path;
}

/// The path up to its last slash is the app, the rest names the stream.
static const char *split_path(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash) return path;
  *slash = 0;
  return slash + 1;
}

static void send_handshake(struct client *c) {
  static const uint8_t c0c1[1 + HANDSHAKE_SIZE] = {3, [9] = 0x5a};
  c->phase = HANDSHAKING;
  c->in = new_reader();
  client_send(c, c0c1, sizeof c0c1);
}

static void send_connect(struct client *c) {
  uint8_t body[1024], out[1200 + HANDSHAKE_SIZE], *p = body;
  char *app = client_path(c), tc_url[700];
  split_path(app);
  snprintf(tc_url, sizeof tc_url, "rtmp://%s:%d/%s", c->url->host, c->url->port, app);
  p = put_number(put_string(p, "connect"), 1);
  *p++ = 3;
  p = put_string(put_key(p, "app"), app);
  p = put_string(put_key(p, "type"), "nonprivate");
  p = put_string(put_key(p, "flashVer"), c->publish ? "FMLE/3.0 (compatible; srs-bench)" : "LNX 9,0,124,2");
  p = put_string(put_key(p, "tcUrl"), tc_url);
  p = put24(p, 9);
  memcpy(out, c->in->bytes + 1, HANDSHAKE_SIZE); // C2 echoes S1
  size_t n = HANDSHAKE_SIZE + put_message(out + HANDSHAKE_SIZE, 3, TYPE_COMMAND, 0, 0, body, p - body, 128);
  c->in->start = 1 + 2 * HANDSHAKE_SIZE;
  c->phase = WAIT_CONNECT;
  client_send(c, out, n);
}

static void send_create_stream(struct client *c) {
  uint8_t body[64], out[256], word[4];
  put32(word, OUT_CHUNK_SIZE);
  size_t n = put_message(out, 2, TYPE_SET_CHUNK_SIZE, 0, 0, word, 4, 128);
  uint8_t *end = put_null(put_number(put_string(body, "createStream"), 2));
  n += put_message(out + n, 3, TYPE_COMMAND, 0, 0, body, end - body, OUT_CHUNK_SIZE);
  c->phase = WAIT_STREAM;
  client_send(c, out, n);
}

UNUSED static void send_play(struct client *c) {
  uint8_t body[600], out[800], event[10] = {0, 3};
  uint8_t *end = put_number(put_string(put_null(put_number(put_string(body, "play"), 3)), split_path(client_path(c))), -2000);
  size_t n = put_message(out, 8, TYPE_COMMAND, c->stream_id, 0, body, end - body, OUT_CHUNK_SIZE);
  put32(put32(event + 2, c->stream_id), 1000); // SetBufferLength, as players do
  n += put_message(out + n, 2, TYPE_USER, 0, 0, event, sizeof event, OUT_CHUNK_SIZE);
  client_send(c, out, n);
}

static void send_publish(struct client *c) {
  uint8_t body[600], out[800];
  uint8_t *end = put_string(put_string(put_null(put_number(put_string(body, "publish"), 3)), split_path(client_path(c))), "live");
  c->phase = WAIT_PUBLISH;
  client_send(c, out, put_message(out, 8, TYPE_COMMAND, c->stream_id, 0, body, end - body, OUT_CHUNK_SIZE));
}

/// Tells the server how much has arrived.
UNUSED static void send_ack(struct client *c) {
  uint8_t out[32], word[4];
  put32(word, c->bytes);
  send(c->fd, out, put_message(out, 2, TYPE_ACK, 0, 0, word, 4, OUT_CHUNK_SIZE), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool has_text(const struct message *m, const char *text) { return memmem(m->body, m->length, text, strlen(text)) != 0; }

static void on_command(struct client *c, const struct message *m) {
  const uint8_t *end = m->body + m->length;
  if (has_text(m, "_error")) return client_die(c, "refused");
  if (has_text(m, "onStatus")) {
    if (c->phase == WAIT_PUBLISH && has_text(m, "NetStream.Publish.Start")) c->phase = READY;
    else if (has_text(m, "error")) client_die(c, "status error");
    return;
  }
  if (m->length < 19 || memcmp(m->body + 3, "_result", 7)) return;
  if (c->phase == WAIT_CONNECT) return send_create_stream(c);
  if (c->phase != WAIT_STREAM || number_at(m->body + 10, end, 0) != 2) return;
  c->stream_id = (uint32_t)number_at(m->body + 20, end, 1);
  if (c->publish) return send_publish(c);
  if (!c->hold_play) send_play(c);
  if (c->phase != DEAD) c->phase = READY;
}

/// Call when the socket is writable (CONNECTING) or readable (every later phase).
UNUSED static void client_step(struct client *c) {
  if (c->phase == CONNECTING) {
    if (socket_error(c->fd)) return client_die(c, "cannot connect");
    return send_handshake(c);
  }
  size_t room = c->phase == HANDSHAKING ? 1 + 2 * HANDSHAKE_SIZE - c->in->end : 16384;
  ssize_t n = recv(c->fd, reader_room(c->in, room), room, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return client_die(c, n ? "reset in setup" : "closed in setup");
  c->bytes += n;
  c->in->end += n;
  if (c->phase == HANDSHAKING) {
    if (c->in->end == 1 + 2 * HANDSHAKE_SIZE) send_connect(c);
    return;
  }
  struct message m;
  for (int got = 1; c->phase < READY && got != 0;) {
    got = read_message(c->in, &m);
    if (got < 0) return client_die(c, "not RTMP");
    if (got && m.type == TYPE_ACK_WINDOW && m.length >= 4) c->ack_window = read32(m.body);
    if (got && m.type == TYPE_COMMAND) on_command(c, &m);
  }
}
