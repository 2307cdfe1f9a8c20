import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';
import { ConfigError } from '../../../src/kernel/index.js';

const files: Record<string, string> = {
  'half.conf': 'pid x; pidd y; vhost b {\n enabledd on;',
  'good.conf': 'pidd y;',
};

/** `want`: every line of the message. */
const cases: { name: string; text: string; want: string[] }[] = [
  {
    name: 'a stray `;` and a wrong name',
    text: 'listen 1;;\nchunk_sise 5;\nvhost a { }; gop_cach on;',
    want: [
      'a.conf:1:10: unexpected `;`',
      'a.conf:2:1: unknown directive "chunk_sise", did you mean chunk_size?',
      'a.conf:3:12: unexpected `;`',
      'a.conf:3:14: unknown directive "gop_cach"',
    ],
  },
  {
    name: 'a missing `;` before `}`: the directive ends there, and so does the block',
    text: 'listen 0;\nvhost a { queue_length x }\npidd y;',
    want: [
      'a.conf:1:8: listen "0": a port is 1 to 65535',
      'a.conf:2:24: is a ";" missing after "queue_length x"?',
      'a.conf:2:24: queue_length needs a number of seconds, not "x"',
      'a.conf:3:1: unknown directive "pidd", did you mean pid?',
    ],
  },
  {
    name: 'a block without a name: its inside is read, not checked',
    text: 'listen 1; { whatever; ; } "" { other; } pidd y;',
    want: [
      'a.conf:1:11: unexpected `{`',
      'a.conf:1:23: unexpected `;`',
      'a.conf:1:27: empty directive',
      'a.conf:1:41: unknown directive "pidd", did you mean pid?',
    ],
  },
  {
    name: 'a `}` too many: what follows could belong anywhere and is not read',
    text: 'pidd y;\nvhost a { } }\nqueue_length 5;;',
    want: ['a.conf:1:1: unknown directive "pidd", did you mean pid?', 'a.conf:2:13: unexpected `}`'],
  },
  {
    name: 'a block that is not closed: its inside could belong anywhere and is not checked',
    text: 'pidd y;\nvhost a {\n play { \n listen 5;\n',
    want: ['a.conf:1:1: unknown directive "pidd", did you mean pid?', 'a.conf:3:2: "play" opened here is not closed'],
  },
  {
    name: 'letters after closing quotes',
    text: 'listen 1; pid "a"b; srs_log_tank "x"};pidd y;',
    want: [
      "a.conf:1:18: unexpected 'b' after the closing quote",
      "a.conf:1:37: unexpected '}' after the closing quote",
    ],
  },
  {
    name: 'included files: one that is missing, one that breaks off, one that is whole',
    text: 'include no.conf half.conf;\ninclude good.conf;\nchunk_size x;',
    want: [
      'a.conf:1:9: cannot include no.conf: it is not there',
      'half.conf:1:8: unknown directive "pidd", did you mean pid? (included from a.conf:1:17)',
      'half.conf:1:16: "vhost" opened here is not closed (included from a.conf:1:17)',
      'good.conf:1:1: unknown directive "pidd", did you mean pid? (included from a.conf:2:9)',
      'a.conf:3:12: chunk_size needs a number of bytes, not "x"',
    ],
  },
  {
    name: 'include without a file, include with a block',
    text: 'include; include x { } pidd y;',
    want: [
      'a.conf:1:1: include needs at least one file',
      'a.conf:1:10: include takes files, not a block',
      'a.conf:1:24: unknown directive "pidd", did you mean pid?',
    ],
  },
];

describe('the errors of a file after a breach of its grammar', () => {
  for (const { name, text, want } of cases)
    test(name, () => {
      let error: unknown;
      try {
        parseConfig(text, 'a.conf', {
          openInclude: ({ text: file, at }) => {
            const found = files[file];
            if (found === undefined)
              throw new ConfigError('CONFIG_UNREADABLE', `cannot include ${file}: it is not there`);
            return [{ file, text: found, from: at }];
          },
        });
      } catch (caught) {
        error = caught;
      }
      assert.instanceOf(error, ConfigError, String(error));
      const { message, context } = error as ConfigError;
      assert.sameMembers(message.split('\n'), want);
      assert.deepEqual(context, { file: 'a.conf', errors: message.split('\n') });
    });

  test('the code is that of the breach', () => {
    assert.throws(() => parseConfig('pidd x;;', 'a.conf'), ConfigError);
    try {
      parseConfig('pidd x;;', 'a.conf');
    } catch (error) {
      assert.equal((error as ConfigError).code, 'CONFIG_SYNTAX');
    }
  });
});
