import { assert, describe, test } from 'vitest';
import { readAnswer } from '../../../src/http/hooks/answer.js';
import { publicUrl } from '../../../src/http/hooks/hook-request.js';

describe('answers of a hook server (spec/http.md §1.4)', () => {
  for (const [status, body, want] of [
    [200, '0', { kind: 'yes' }],
    [201, ' 0\r\n', { kind: 'yes' }],
    [200, '{"code":0}', { kind: 'yes' }],
    [200, '{"code":0,"data":null,"stream":""}', { kind: 'yes' }],
    [200, '{"code":0,"stream":"name"}', { kind: 'yes', stream: 'name' }],
    [200, '1', { kind: 'no' }],
    [200, '{"code":7}', { kind: 'no' }],
    [200, '{"code":7,"reason":"a\\u0000\\nb"}', { kind: 'no', reason: 'a b' }],
  ] as const)
    test(`${status} ${body}`, () => assert.deepEqual<unknown>(readAnswer(status, body), want));

  for (const [status, body] of [
    [204, ''],
    [200, ''],
    [302, '0'],
    [500, '0'],
    [200, '0.5'],
    [200, 'null'],
    [200, '[]'],
    [200, '"0"'],
    [200, '{"code":"0"}'],
    [200, '{"code":0.5}'],
    [200, '{"code":0,"stream":"../x"}'],
    [200, '{"code":0'],
  ] as const)
    test(`${status} ${body} is no answer`, () => assert.equal(readAnswer(status, body).kind, 'broken'));

  test('a reason is bounded', () => {
    const answer = readAnswer(200, JSON.stringify({ code: 1, reason: 'x'.repeat(10_000) }));
    assert.equal(answer.kind === 'no' && answer.reason?.length, 200);
  });
});

test('logs see a hook without its query and user', () => {
  assert.equal(publicUrl('https://user:pw@h:1/p?token=t#f'), 'https://h:1/p');
  assert.equal(publicUrl('nonsense'), '(not a URL)');
});
