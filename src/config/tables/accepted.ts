import type { LaterTable } from '../table.js';

/** Names at the top of the file that load and do nothing. */
export const acceptedInRoot = {
  stream_caster: { since: 2, note: 'so nothing is received over MPEG-TS, RTSP or FLV over HTTP' },
  query_latest_version: { since: 2, never: 'this server asks nobody about versions' },
  empty_ip_ok: { since: 3, never: 'a machine without a network address is always fine' },
  disable_daemon_for_docker: { since: 3, never: 'the server detaches only where daemon is on' },
  auto_reload_for_docker: { since: 3, never: 'it behaves the same inside and outside of Docker' },
  rtc_server: { since: 4, note: 'so there is no WebRTC' },
  srt_server: { since: 4, note: 'so there is no SRT' },
  tcmalloc_release_rate: { since: 4, never: 'memory is managed by Node.js' },
  first_wait_for_qlv: { since: 4, never: 'this server asks nobody about versions' },
  circuit_breaker: { since: 4, note: 'players that are too slow are dealt with one by one' },
  is_full: { since: 4, never: 'it marks a file of SRS that lists everything' },
  in_docker: { since: 4, never: 'it behaves the same inside and outside of Docker' },
  srs_log_level_v2: { since: 5, note: 'srs_log_level counts' },
  threads: { since: 5, never: 'its threads are not those of SRS' },
  tencentcloud_cls: { since: 5, note: 'so no log leaves this machine' },
  tencentcloud_apm: { since: 5, note: 'so no trace leaves this machine' },
} as const satisfies LaterTable;

/** Names in a vhost that load and do nothing. */
export const acceptedInVhost = {
  hds: { since: 2, note: 'so there is no HDS' },
  'publish.parse_sps': { since: 2, never: 'streams are relayed as they come' },
  exec: { since: 3, note: 'so no program is started' },
  dash: { since: 3, note: 'so there is no DASH' },
  rtc: { since: 4, note: 'so there is no WebRTC' },
  mw_msgs: { since: 4, note: 'mw_latency alone decides' },
  'play.mw_msgs': { since: 4, note: 'mw_latency alone decides' },
  srt: { since: 5, note: 'so there is no SRT' },
  'publish.try_annexb_first': { since: 5, never: 'only streams in Annex B format need it' },
  'publish.kickoff_for_idle': { since: 5, note: 'so an encoder without players stays' },
} as const satisfies LaterTable;
