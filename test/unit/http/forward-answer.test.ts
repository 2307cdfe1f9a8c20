import { describe, expect, test } from 'vitest';
import { readForwardAnswer } from '../../../src/http/hooks/forward-answer.js';

describe('answers of a forward backend (spec/http.md §1.1)', () => {
  test.each([
    ['{"code":0,"data":{"urls":["rtmp://h/a/b","h"]}}', ['rtmp://h/a/b', 'h']],
    ['{"code":0,"data":{"urls":[]}}', []],
    ['{"code":0,"data":{"urls":[1,null,"h"]}}', ['h']],
    ['{"code":0,"data":null}', []],
    ['{"code":0}', []],
    ['0', []],
    ['{"code":1,"data":{"urls":["h"]}}', []],
  ])('%s', (body, want) => expect(readForwardAnswer(200, body)).toEqual(want));

  test.each([
    [500, '{"code":0}', 'status 500'],
    [302, '', 'status 302'],
    [200, 'ok', 'no JSON'],
    [200, '', 'no JSON'],
    [200, '[]', 'no code'],
    [200, '{"code":"0"}', 'no code'],
    [200, 'null', 'no code'],
    [200, '{"code":0,"data":{"urls":"h"}}', 'no list'],
  ])('%i %s fails', (status, body, why) => expect(() => readForwardAnswer(status, body)).toThrow(why));
});
