import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { ConfigError } from '../../../src/kernel/index.js';

const text = 'listen 1935; chunk_size 5000;\nvhost a { gop_cache off; }\nvhost b { play { queue_length 5; } }';
const load = (environment: Record<string, string | undefined>, file = text) =>
  parseConfig(file, 'a.conf', { environment });

describe('SRS_… variables', () => {
  test('replace what the file says, and say so', () => {
    const { config, warnings, origins } = load({
      SRS_LISTEN: '19 127.0.0.1:20',
      SRS_CHUNK_SIZE: '4096',
      SRS_PID: '/run/my srs.pid',
      PATH: '/bin',
    });
    assert.deepEqual(config.listen, [
      { host: '0.0.0.0', port: 19 },
      { host: '127.0.0.1', port: 20 },
    ]);
    assert.equal(config.chunkSize, 4096);
    assert.equal(config.pid, '/run/my srs.pid');
    assert.deepEqual(warnings, []);
    assert.equal(origins.get('listen'), 'environment SRS_LISTEN');
    assert.equal(origins.get('vhosts/a/gopCache'), 'a.conf:2:11');
  });

  test('of a vhost count in every vhost, under each spelling of a setting', () => {
    for (const name of ['SRS_VHOST_PLAY_GOP_CACHE', 'SRS_VHOST_GOP_CACHE']) {
      const { config, origins } = load({ [name]: 'on', SRS_VHOST_PUBLISH_MR: 'on' });
      for (const vhost of config.vhosts.values()) {
        assert.isTrue(vhost.gopCache);
        assert.isTrue(vhost.publish.mr);
        assert.equal(origins.get(`vhosts/${vhost.name}/gopCache`), `environment ${name}`);
      }
      assert.equal(config.vhosts.get('b')?.queueLength, 5);
    }
  });

  test('give what the file lacks', () => {
    assert.equal(load({ SRS_LISTEN: '7' }, 'vhost a { }').config.listen[0]?.port, 7);
  });

  test('of the log, by the rule and without the first SRS_', () => {
    assert.equal(load({ SRS_SRS_LOG_LEVEL: 'warn' }).config.log.level, 'warn');
    assert.equal(load({ SRS_LOG_LEVEL: 'warn' }).config.log.level, 'warn');
  });

  test('that are empty change nothing', () => {
    const { config, warnings } = load({ SRS_CHUNK_SIZE: '', SRS_LISTN: '' });
    assert.equal(config.chunkSize, 5000);
    assert.deepEqual(warnings, []);
  });

  test('warn: two for one setting, units, unknown ones that are close to a known one', () => {
    const { config, warnings } = load({
      SRS_VHOST_PLAY_QUEUE_LENGTH: '7s',
      SRS_VHOST_QUEUE_LENGTH: '8',
      SRS_LISTN: '5',
      SRS_RTC_SERVER_ENABLED: 'on',
      SRS_VHOST_RTC_ENABLED: 'on',
      SRS_SERVICE_HOST: '10.0.0.1',
      srs_listen: '5',
    });
    assert.equal(config.vhosts.get('a')?.queueLength, 7);
    assert.sameMembers(
      [...warnings],
      [
        'environment SRS_VHOST_PLAY_QUEUE_LENGTH: queue_length "7s": only the number counts, so it is 7 seconds',
        'environment SRS_VHOST_QUEUE_LENGTH: is ignored, SRS_VHOST_PLAY_QUEUE_LENGTH is set',
        'environment SRS_LISTN: changes nothing, did you mean SRS_LISTEN?',
        'environment SRS_RTC_SERVER_ENABLED: rtc_server is not supported yet and ignored, so there is no WebRTC',
        'environment SRS_VHOST_RTC_ENABLED: rtc is not supported yet and ignored, so there is no WebRTC',
      ],
    );
  });

  test('that are wrong are refused once, together with the errors of the file', () => {
    let error: unknown;
    try {
      load({ SRS_LISTEN: 'x', SRS_VHOST_CHUNK_SIZE: '1', SRS_PID: `a "b' c` }, `${text} pidd x;`);
    } catch (caught) {
      error = caught;
    }
    assert.instanceOf(error, ConfigError);
    assert.sameMembers((error as ConfigError).message.split('\n'), [
      'a.conf:3:38: unknown directive "pidd", did you mean pid?',
      'environment SRS_LISTEN: listen "x": a port is a number',
      'environment SRS_PID: pid cannot hold blanks and both kinds of quotes',
      'environment SRS_VHOST_CHUNK_SIZE: chunk_size is 128 to 65536 bytes, not "1"',
    ]);
  });
});
