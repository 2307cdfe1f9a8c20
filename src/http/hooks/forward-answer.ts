/**
 * What a forward backend answered: `{"code":0,"data":{"urls":["rtmp://…", …]}}` (spec/http.md §1.1). Without urls, and with
 * another code, it is a clear "nowhere".
 * @throws {Error} when it is nothing that can be understood.
 */
export function readForwardAnswer(status: number, body: string): readonly string[] {
  if (status !== 200 && status !== 201) throw new Error(`status ${status}`);
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new Error('the answer is no JSON');
  }
  if (answer === 0) return [];
  const { code, data } = fields(answer);
  if (typeof code !== 'number' || !Number.isInteger(code)) throw new Error('the answer has no code');
  if (code !== 0) return [];
  const { urls } = fields(data);
  if (urls === undefined || urls === null) return [];
  if (!Array.isArray(urls)) throw new Error('data.urls of the answer is no list');
  return urls.filter((url: unknown): url is string => typeof url === 'string');
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
