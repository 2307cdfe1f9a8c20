import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { fakeFfmpeg } from '../support/fake-ffmpeg.js';
import { startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { reload } from '../support/reload.js';
import { type ReloadCase, reloadCases } from '../support/reload-rows.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { isConfig, pushFile, record } from '../support/streams.js';

/**
 * With every output and every guard at work, so that a change meets something that runs. A comment that names a block
 * stands where a directive of that block can be put in.
 */
const config = (hooks: string, ffmpeg: string) => `
#
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
rtmps {
  # rtmps
  enabled on; listen RTMPS_PORT; key DIR/tls.key; cert DIR/tls.crt;
}
http_server {
  # http_server
  enabled on; listen HTTP_PORT;
  https {
    # http_server https
    enabled on; listen HTTPS_PORT; key DIR/tls.key; cert DIR/tls.crt;
  }
}
http_api {
  # http_api
  enabled on; listen 127.0.0.1:API_PORT;
  https {
    # http_api https
    enabled on; listen 127.0.0.1:APIS_PORT; key DIR/tls.key; cert DIR/tls.crt;
  }
}
vhost __defaultVhost__ {
  # vhost
  http_remux {
    # vhost http_remux
    enabled on;
  }
  http_static {
    # vhost http_static
    enabled on; dir DIR;
  }
  hls {
    # vhost hls
    enabled on; hls_fragment 1;
  }
  dvr {
    # vhost dvr
    enabled on; dvr_path DIR/dvr;
  }
  security {
    # vhost security
    enabled on; allow play all; allow publish all;
  }
  http_hooks {
    # vhost http_hooks
    enabled on; on_play ${hooks}; on_publish ${hooks}; on_hls ${hooks};
  }
  transcode {
    # vhost transcode
    enabled on; ffmpeg ${ffmpeg};
    engine a {
      # vhost transcode engine
      enabled on; vcodec copy; acodec copy; output rtmp://127.0.0.1:PORT/other/[stream];
    }
  }
  ingest a {
    # vhost ingest
    enabled on; ffmpeg ${ffmpeg};
    input {
      # vhost ingest input
      type stream; url udp://127.0.0.1:1;
    }
    engine {
      # vhost ingest engine
      enabled on; vcodec copy; acodec copy; output rtmp://127.0.0.1:PORT/other/ingest;
    }
  }
}
`;

/** Where any other value of the type will not do. A new directive of that kind needs its value here. */
const valuesIn = (dir: string) => ({
  ...Object.fromEntries(
    ['rtmps', 'http_server https', 'http_api https'].flatMap((block) => [
      [`${block} enabled`, 'off'],
      [`${block} key`, join(dir, 'new.key')],
      [`${block} cert`, join(dir, 'new.crt')],
    ]),
  ),
  ...Object.fromEntries(
    ['connect', 'close', 'publish', 'unpublish', 'play', 'stop', 'hls', 'hls_notify', 'dvr'].map((event) => [
      `vhost http_hooks on_${event}`,
      'http://other.example.com',
    ]),
  ),
  'vhost forward backend': 'http://other.example.com',
  'vhost cluster origin': '127.0.0.1',
  'heartbeat url': 'http://other.example.com',
  trusted_proxies: '10.0.0.0/8',
  'http_api allow_origin': 'https://admin.example.com',
  'http_server enabled': 'off',
  'http_api enabled': 'off',
  'vhost http_remux enabled': 'off',
  'vhost http_remux mount': '[vhost]/[app]/[stream]/other.flv',
  'vhost http_static enabled': 'off',
  'vhost http_static mount': '[vhost]/other/',
  'vhost hls enabled': 'off',
  'vhost hls hls_m3u8_file': '[app]/other-[stream].m3u8',
  'vhost hls hls_ts_file': '[app]/other-[stream]-[seq].ts',
  'vhost hls hls_key_file': '[app]/other-[stream]-[seq].key',
  'vhost hls hls_storage': 'ram',
  'vhost dvr enabled': 'off',
  'vhost dvr dvr_path': join(dir, 'other-dvr'),
  'vhost dvr dvr_apply': 'live/other',
  'vhost security enabled': 'off',
  'vhost security allow': 'play 127.0.0.1',
  'vhost security deny': 'play 192.0.2.1',
  'vhost http_hooks enabled': 'off',
  'vhost transcode enabled': 'off',
  'vhost transcode engine enabled': 'off',
  'vhost ingest enabled': 'off',
  'vhost ingest input type': 'file',
  'vhost ingest engine enabled': 'off',
  'vhost ingest engine iformat': 'mpegts',
});

/** The sweep reads the log, at its level; other tests move these. */
const KEPT = ['srs_log_tank', 'srs_log_level', 'srs_log_file', 'pid', 'inotify_auto_reload'];

/** The file with a directive in the innermost of its blocks that is there, and the others around it. */
function withDirective(text: string, { blocks, directive }: ReloadCase): string {
  for (let depth = blocks.length; ; depth--) {
    const marker = `#${['', ...blocks.slice(0, depth)].join(' ')}\n`;
    const inner = blocks.slice(depth).reduceRight((within, block) => `${block} { ${within} }`, directive);
    if (text.includes(marker)) return text.replace(marker, `${inner}\n`);
  }
}

withPeers('ffmpeg', 'openssl')('every directive that a reload can change, there and back under a live stream', () => {
  test('says what changed, changes nothing else, and the player loses no frame', { timeout: 120_000 }, async () => {
    const hooks = await startHooks();
    const dir = mkdtempSync(join(tmpdir(), 'srs-rows-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    await makeCertificate(join(dir, 'tls'));
    for (const kind of ['key', 'crt']) copyFileSync(join(dir, `tls.${kind}`), join(dir, `new.${kind}`));
    const srs = await startSrs({ config: config(hooks.url, fakeFfmpeg(dir).path), dir });
    const url = srs.url('live', 'rows');
    pushFile(await clip(), url);
    await until('the stream is live', () => srs.log().includes('live/rows'));
    const player = await record(url);
    const frames = () => player.messages.filter((m) => m.kind === 'video' && !isConfig(m));
    await player.until('the first frames', () => frames().length > 5);

    const plain = readFileSync(srs.configFile, 'utf8');
    const failures: string[] = [];
    for (const changed of reloadCases(valuesIn(dir))) {
      const { name, row, directive } = changed;
      if (KEPT.includes(name) || row.reload === 'refused') continue;
      const there = await reload(srs, () => withDirective(plain, changed));
      const back = await reload(srs, () => plain);
      for (const log of [there, back]) {
        const told = /"changes":(\[[^\n]*?\]),"msg"/.exec(log)?.[1] ?? '[]';
        // One setting may be taken over further in: chunk_size by the vhosts.
        const settings = (JSON.parse(told) as string[]).map((change) =>
          change
            .split(/: | changed/)[0]
            ?.split(' ')
            .at(-1),
        );
        const expected = settings.length > 0 && settings.every((setting) => setting === name.split(' ').at(-1));
        const asRestart = log.includes('only with a restart') === (row.reload === 'never');
        if (!expected || !asRestart || log.includes('"level":50')) failures.push(`${directive} ${log}`);
      }
    }
    expect(failures).toEqual([]);

    const seen = frames().length;
    await player.until('the stream goes on', () => frames().length > seen + 10);
    expect(player.closed()).toBe(false);
    // The clip repeats, and its frames follow each other at 40 ms: one that is missing leaves a hole.
    const steps = frames().flatMap((m, i, all) => (i === 0 ? [] : [m.timestamp - (all[i - 1]?.timestamp ?? 0)]));
    expect(steps.filter((step) => step < 0 || step > 79)).toEqual([]);
  });
});
