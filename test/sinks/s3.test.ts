import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../lib/delivery/userModule.ts';
import { type S3SinkOptions, s3Sink } from '../../lib/sinks/s3.ts';
import { recordOf } from '../../lib/testing.ts';
import { KEY as ACCESS_KEY, account, REGION, SECRETS } from '../support/awsService.ts';
import { type S3Service, startS3Service } from '../support/s3Service.ts';
import { createHastyClock, give, linesOf, numbered, slowest } from './support.ts';

let service: S3Service;
beforeAll(async () => {
  service = await startS3Service({ name: 'lake', encoding: 'latin1' });
});
afterAll(() => service.close());
beforeEach(() => {
  service.objects.clear();
  service.requests.length = 0;
  service.fault = () => undefined;
});

/** Requests are signed for the real time. */
const sinkOf = (given: Partial<S3SinkOptions> = {}) =>
  s3Sink({
    ...{ bucket: 'lake', client: { config: account }, endpoint: service.url },
    ...{ clock: createHastyClock(Date.now()), random: slowest },
    ...given,
  });
const AT = Date.UTC(2026, 0, 31, 12, 59, 59, 700);
const KEY = 'dt=2026-01-31/hour=12/sls/shop/orders/audit/3/MTA!3d-MTI!3d';

function batchAt(lines: readonly string[], given: Partial<Omit<Batch, 'records'>> = {}): Batch {
  const records = lines.map((line, index) =>
    recordOf({ line }, { id: `3/7/${index}`, timeMs: AT + index * 60_000, topic: 'web' }),
  );
  return { ...linesOf([], { shard: '3', ...given }), records };
}
const bytesOf = (key: string): Buffer => Buffer.from(service.objects.get(`lake/${key}`) ?? '', 'latin1');
const unzipped = (key: string): string[] => gunzipSync(bytesOf(key)).toString().trimEnd().split('\n');

describe('an object', () => {
  it('has a batch as lines of JSON, and is named by the hour of its first record, its stream and its id', async () => {
    expect(await give(sinkOf({ prefix: 'logs/' }), batchAt(['a', 'b']))).toEqual({});
    expect([...service.objects.keys()]).toEqual([`lake/logs/${KEY}.ndjson.gz`]);
    expect(unzipped(`logs/${KEY}.ndjson.gz`).map((line) => JSON.parse(line))).toEqual([
      {
        id: '3/7/0',
        time: '2026-01-31T12:59:59.700Z',
        topic: 'web',
        source: '',
        tags: {},
        fields: { line: 'a' },
      },
      expect.objectContaining({ id: '3/7/1', time: '2026-01-31T13:00:59.700Z', fields: { line: 'b' } }),
    ]);
    expect(service.requests[0]!.headers['content-type']).toBe('application/gzip');
  });

  it('of a part, of a replay and of another shard is another one', async () => {
    const id = 'audit/3/MTA=-MTI=';
    for (const given of [
      {},
      { id: `${id}/0-2` },
      { id: `${id}/2-4` },
      { group: 'audit#replay-1', id: 'audit#replay-1/3/MTA=-MTI=' },
      { shard: 'a:3' },
      { shard: 'a/3' },
    ]) {
      await give(sinkOf({ compression: 'none' }), batchAt(['a'], given));
    }
    expect([...service.objects.keys()]).toEqual([
      `lake/${KEY}.ndjson`,
      `lake/${KEY}.0-2.ndjson`,
      `lake/${KEY}.2-4.ndjson`,
      `lake/${KEY.replace('audit', 'audit!23replay-1')}.ndjson`,
      `lake/${KEY.replace('/3/', '/a!3a3/')}.ndjson`,
      `lake/${KEY.replace('/3/', '/a!2f3/')}.ndjson`,
    ]);
  });

  it('is compressed as it is asked for', async () => {
    await give(sinkOf({ compression: 'zstd', transform: (record) => record.get('line') }), batchAt(['a']));
    await give(sinkOf({ compression: 'none', transform: (record) => record.get('line') }), batchAt(['a']));
    expect(zstdDecompressSync(bytesOf(`${KEY}.ndjson.zst`)).toString()).toBe('"a"\n');
    expect(bytesOf(`${KEY}.ndjson`).toString()).toBe('"a"\n');
  });

  it('is put where the partition says', async () => {
    await give(sinkOf({ partition: ({ topic }) => `topic=${topic}` }), batchAt(['a']));
    expect([...service.objects.keys()]).toEqual(['lake/topic=web/audit/3/MTA!3d-MTI!3d.ndjson.gz']);
  });

  it('is not made of a batch of which nothing is left', async () => {
    expect(await give(sinkOf({ transform: () => undefined }), batchAt(['a']))).toEqual({});
    expect(service.requests).toEqual([]);
  });

  it('ends before a record that fails', async () => {
    const transform: S3SinkOptions['transform'] = (record) => JSON.parse(record.get('line')!);
    const batch = batchAt(['1', '2', 'no JSON', '4']);
    expect(await give(sinkOf({ transform }), batch)).toMatchObject({
      failed: [2],
      error: { name: 'SyntaxError' },
    });
    expect(unzipped(`${KEY}.ndjson.gz`)).toEqual(['1', '2']);
  });
});

describe('who puts it', () => {
  it('is the function, at the address that AWS’s own tools take, unless it is told otherwise', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', ACCESS_KEY.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', ACCESS_KEY.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', ACCESS_KEY.sessionToken);
    vi.stubEnv('AWS_REGION', REGION);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', service.url);
    expect(await give(s3Sink({ bucket: 'lake' }), batchAt(['a']))).toEqual({});
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'of-somebody-else');
    const [other, mine] = [
      s3Sink({ bucket: 'lake' }),
      s3Sink({ bucket: 'lake', client: { config: account } }),
    ];
    expect(await give(other, batchAt(['a']))).toMatchObject({ threw: { code: 'SignatureDoesNotMatch' } });
    expect(await give(mine, batchAt(['a']))).toEqual({});
    vi.unstubAllEnvs();
  });
});

describe('what comes again', () => {
  it('under the same id, in half or from two owners, is one object with the same bytes', async () => {
    const batch = batchAt(numbered(50));
    const [one, other] = [sinkOf(), sinkOf()];
    await give(one, batch);
    const [[key, first]] = [...service.objects] as [[string, string]];
    // The answer is lost: the object is there, and nobody knows.
    let lost = 1;
    service.fault = () => (lost-- > 0 ? 'lost' : undefined);
    await Promise.all([give(one, batch), give(other, batch)]);
    expect([...service.objects]).toEqual([[key, first]]);
  });
});

describe('what fails', () => {
  const error = (status: number, code: string) => ({ status, body: `<Error><Code>${code}</Code></Error>` });

  it('is put again, if S3 is slow, and thrown if that does not help', async () => {
    let slow = 2;
    service.fault = () => (slow-- > 0 ? error(503, 'SlowDown') : undefined);
    expect(await give(sinkOf(), batchAt(['a']))).toEqual({});
    expect(service.requests).toHaveLength(3);
    slow = 100;
    expect(await give(sinkOf(), batchAt(['a', 'b']))).toMatchObject({
      threw: { code: 'SlowDown', retriable: true },
    });
  });

  it.each([
    [404, 'NoSuchBucket', 'there is no bucket "lake": make it, or correct its name'],
    [403, 'AccessDenied', 'let the function\'s role do s3:PutObject on the bucket "lake"'],
  ])('with %s %s says what to do, and no secret', async (status, code, remedy) => {
    service.fault = () => error(status, `${code}</Code><Message>${SECRETS.join()}</Message><Code>`);
    const { threw } = await give(sinkOf(), batchAt(['a', 'b']));
    expect((threw as Error).message).toContain(remedy);
    for (const secret of SECRETS) expect((threw as Error).message).not.toContain(secret);
    expect(service.requests).toHaveLength(1);
  });
});

describe('the options', () => {
  it('are checked when the sink is made', () => {
    expect(() => sinkOf({ bucket: '' })).toThrow('s3Sink: bucket: missing; name the bucket');
    expect(() => sinkOf({ compression: 'brotli' as 'gzip' })).toThrow(
      's3Sink: compression: "brotli" cannot be used',
    );
  });
});
