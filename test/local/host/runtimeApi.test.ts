import { afterEach, describe, expect, it } from 'vitest';
import { type RuntimeApi, type Said, startRuntimeApi } from '../../../local/host/runtimeApi.ts';

const opened: RuntimeApi[] = [];

async function open() {
  const said: Said[] = [];
  const functionArn = 'arn:aws:lambda:local:000000000000:function:orders';
  const api = await startRuntimeApi({ functionArn, onSaid: (what) => said.push(what) });
  opened.push(api);
  const url = `http://${api.address}/2018-06-01/runtime`;
  const post = async (path: string, body: string) => {
    const { status } = await fetch(`${url}/${path}`, { method: 'POST', body });
    return status;
  };
  /** Asks as a runtime does, and is given this invocation. */
  const take = async (requestId: string) => {
    const asked = fetch(`${url}/invocation/next`);
    const before = said.length;
    while (said.length === before) await new Promise(setImmediate);
    api.give({ event: { slot: 'consumer-0' }, requestId, deadlineMs: 1_700_000_000_123 });
    return asked;
  };
  return { api, said, url, post, take };
}

afterEach(() => {
  for (const api of opened.splice(0)) api.close();
});

describe('the Runtime API', () => {
  it('gives an invocation to the runtime that waits, with what Lambda tells of it', async () => {
    const { said, take } = await open();
    const response = await take('8476a536');
    expect(said).toEqual([{ kind: 'next' }]);
    expect(await response.json()).toEqual({ slot: 'consumer-0' });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'lambda-runtime-aws-request-id': '8476a536',
      'lambda-runtime-deadline-ms': '1700000000123',
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:local:000000000000:function:orders',
      'lambda-runtime-trace-id': expect.stringMatching(/^Root=1-6553f100-\w{24};Parent=\w{16};Sampled=0$/),
    });
  });

  it('takes an answer, and an error, of the invocation that it gave last', async () => {
    const { said, take, post } = await open();
    await take('one');
    expect(await post('invocation/one/response', '{"outcome":"worked"}')).toBe(202);
    await take('two');
    const failure = { errorType: 'RangeError', errorMessage: 'no\ntable', trace: ['RangeError: no', 'at x'] };
    expect(await post('invocation/one/response', '1')).toBe(400);
    expect(await post('invocation/two/error', JSON.stringify(failure))).toBe(202);
    expect(said.filter(({ kind }) => kind !== 'next')).toEqual([
      { kind: 'answered', result: { outcome: 'worked' } },
      { kind: 'failed', error: { message: 'RangeError: no', details: 'RangeError: no\nat x' } },
    ]);
  });

  it('takes the error of a function that cannot be loaded, whatever a runtime posts', async () => {
    const { said, post } = await open();
    expect(await post('init/error', '{"errorMessage":"no such setting"}')).toBe(202);
    expect(await post('init/error', 'null')).toBe(202);
    expect(said).toEqual([
      { kind: 'initFailed', error: { message: 'no such setting', details: 'no such setting' } },
      { kind: 'initFailed', error: expect.objectContaining({ message: 'an error that is not told' }) },
    ]);
  });

  it('refuses an answer over 6 MB, of which the invocation fails, and what is no JSON', async () => {
    const { said, take, post } = await open();
    await take('one');
    expect(await post('invocation/one/response', `"${'x'.repeat(6 * 1024 * 1024 + 100)}"`)).toBe(413);
    expect(await post('invocation/one/response', '{')).toBe(202);
    expect(said.slice(1).map((what) => 'error' in what && what.error.message)).toEqual([
      'an answer has at most 6291556 bytes',
      'what it answered is no JSON',
    ]);
  });

  it('knows nothing else, and answers no web page', async () => {
    const { url, post } = await open();
    expect(await post('restore/next', '')).toBe(404);
    const asked = await fetch(`${url}/invocation/next`, { headers: { origin: 'https://shop.example' } });
    expect(asked.status).toBe(403);
  });
});
