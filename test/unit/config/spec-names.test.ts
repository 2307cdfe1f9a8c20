import { assert, describe, test } from 'vitest';
import { scopeOf, type Words } from '../../../src/config/scope.js';
import { laterInRoot, root } from '../../../src/config/tables/root.js';

const engine = `enabled iformat vcodec vbitrate vfps vwidth vheight vthreads vprofile vpreset acodec abitrate asample_rate
  achannels oformat output vfilter vparams aparams perfile`;
const listener = 'enabled listen key cert';

/** Every directive of releases 1 to 6, by the block in which it stands. */
const names: Record<string, string> = {
  '': `listen pid chunk_size ff_log_dir srs_log_tank srs_log_level srs_log_file max_connections daemon heartbeat http_api
    http_stream stats pithy_print vhost log_dir http_server stream_caster utc_time work_dir asprocess pithy_print_ms
    query_latest_version ff_log_level grace_start_wait grace_final_wait force_grace_quit empty_ip_ok
    disable_daemon_for_docker inotify_auto_reload auto_reload_for_docker server_id rtc_server srt_server
    tcmalloc_release_rate first_wait_for_qlv circuit_breaker is_full in_docker srs_log_level_v2 threads
    tencentcloud_cls tencentcloud_apm exporter`,
  http_api: 'enabled listen crossdomain raw_api https auth',
  'http_api.raw_api': 'enabled allow_reload allow_query allow_update',
  'http_api.https': listener,
  'http_api.auth': 'enabled username password',
  http_stream: 'enabled listen dir crossdomain https',
  http_server: 'enabled listen dir crossdomain https',
  'http_server.https': listener,
  heartbeat: 'enabled interval url device_id summaries ports',
  stats: 'enabled network disk',
  pithy_print: 'publish play forwarder encoder ingester hls edge',
  stream_caster: 'enabled caster output listen rtp_port_min rtp_port_max',
  circuit_breaker: 'enabled high_threshold',
  exporter: 'enabled listen label tag',
  vhost: `enabled chunk_size mode origin token_traverse debug_srs_upnode gop_cache queue_length time_jitter atc atc_auto
    refer refer_play refer_publish forward bandcheck http hls dvr http_hooks transcode ingest security min_latency mr
    mw_latency tcp_nodelay send_min_interval reduce_sequence_header publish_1stpkt_timeout publish_normal_timeout
    publish mix_correct vhost http_static http_remux hds play cluster exec dash in_ack_size out_ack_size rtc
    gop_cache_max_frames srt mw_msgs`,
  'vhost.bandcheck': 'enabled key interval limit_kbps',
  'vhost.http': 'enabled mount dir',
  'vhost.http_static': 'enabled mount dir',
  'vhost.http_remux': 'enabled mount fast_cache hstrs drop_if_not_match has_audio has_video guess_has_av',
  'vhost.hls': `enabled hls_path hls_fragment hls_window hls_on_error hls_td_ratio hls_aof_ratio hls_m3u8_file
    hls_ts_file hls_ts_floor hls_entry_prefix hls_acodec hls_vcodec hls_cleanup hls_dispose hls_nb_notify
    hls_wait_keyframe hls_storage hls_mount hls_keys hls_fragments_per_key hls_key_file hls_key_file_path hls_key_url
    hls_dts_directly hls_ctx hls_ts_ctx`,
  'vhost.dvr': 'enabled dvr_path dvr_plan dvr_duration dvr_wait_keyframe time_jitter dvr_apply',
  'vhost.http_hooks': `enabled on_connect on_close on_publish on_unpublish on_play on_stop on_dvr on_hls on_hls_notify`,
  'vhost.transcode': 'enabled ffmpeg engine',
  'vhost.transcode.engine': engine,
  'vhost.ingest': 'enabled input ffmpeg engine',
  'vhost.ingest.input': 'type url',
  'vhost.ingest.engine': engine,
  'vhost.security': 'enabled allow deny',
  'vhost.mr': 'enabled latency',
  'vhost.publish': `mr mr_latency firstpkt_timeout normal_timeout parse_sps try_annexb_first kickoff_for_idle`,
  'vhost.play': `time_jitter mix_correct atc atc_auto mw_latency mw_msgs gop_cache gop_cache_max_frames queue_length
    send_min_interval reduce_sequence_header`,
  'vhost.cluster': `mode origin token_traverse vhost debug_srs_upnode origin_cluster coworkers protocol follow_client`,
  'vhost.refer': 'enabled all publish play',
  'vhost.forward': 'enabled destination backend',
  'vhost.hds': 'enabled hds_path hds_fragment hds_window',
  'vhost.exec': 'enabled publish',
  'vhost.dash': `enabled dash_fragment dash_update_period dash_timeshift dash_path dash_mpd_file dash_window_size
    dash_dispose dash_cleanup`,
};

/** Whether a directive may stand there; what an accepted block holds is not looked at. */
function isKnown(words: Words, [name = '', ...rest]: readonly string[]): boolean {
  const word = words.get(name);
  if (word === undefined || rest.length === 0) return word !== undefined;
  if (word.later && !word.inside) return true;
  return [word.inside, word.named?.words].some((inner) => inner !== undefined && isKnown(inner, rest));
}

describe('every directive of spec §5 and §8 is known', () => {
  const { words } = scopeOf(root, laterInRoot);
  for (const [block, list] of Object.entries(names))
    test(block === '' ? 'at the top of the file' : block, () => {
      const around = block === '' ? [] : block.split('.');
      const unknown = list.split(/\s+/).filter((name) => !isKnown(words, [...around, name]));
      assert.deepEqual(unknown, []);
    });

  test('and a name of no release is not', () => {
    assert.isFalse(isKnown(words, ['vhost', 'play', 'gop_cach']));
  });
});
