// Requests: what is sent, and what each kind of answer turns into.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { get, post } from './request';

function answerWith(body: string, init?: ResponseInit) {
  const fetched = vi.fn(async () => new Response(body, init));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe('post', () => {
  it('sends a form without the parameters that are undefined', async () => {
    const fetched = answerWith('{"status":"success","data":1}');
    await post('query', { query: 'a + b', time: undefined });
    const [path, init] = fetched.mock.calls[0] as unknown as [string, RequestInit];
    expect(path).toBe('/api/v1/query');
    expect(String(init.body)).toBe('query=a+%2B+b');
  });

  it('opens the envelope and keeps the notes', async () => {
    answerWith('{"status":"success","data":[1],"warnings":["w"]}');
    const { data, warnings, infos } = await post('query', {});
    expect([data, warnings, infos]).toEqual([[1], ['w'], []]);
  });

  it('throws what the server says', async () => {
    answerWith('{"status":"error","errorType":"bad_data","error":"1:5: parse error: x"}', {
      status: 400,
    });
    await expect(post('query', {})).rejects.toMatchObject({
      kind: 'bad_data',
      message: '1:5: parse error: x',
    });
  });

  it('names the status when something else answered', async () => {
    answerWith('<html>bad gateway</html>', { status: 502, statusText: 'Bad Gateway' });
    await expect(post('query', {})).rejects.toMatchObject({
      kind: 'unreadable',
      message: 'The answer was not from the query API (HTTP 502 Bad Gateway).',
    });
  });

  it('says when nothing answered', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    await expect(post('query', {})).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('lets an abort through as one', async () => {
    const abort = new DOMException('stopped', 'AbortError');
    vi.stubGlobal('fetch', () => Promise.reject(abort));
    await expect(post('query', {})).rejects.toBe(abort);
  });
});

it('puts the parameters of a get into the address', async () => {
  const fetched = answerWith('{"status":"success","data":{}}');
  await get('targets', { state: 'active' });
  expect((fetched.mock.calls[0] as unknown as [string])[0]).toBe('/api/v1/targets?state=active');
});
