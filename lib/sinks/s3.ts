/** Objects in a bucket of S3, one for each batch. */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { bucketAddress, s3RefusalIn } from '../credentials/awsS3.ts';
import { isSuccess, refused } from '../credentials/awsSender.ts';
import { escapeAws } from '../credentials/awsSignature.ts';
import type { Batch } from '../delivery/userModule.ts';
import { SettingsError } from '../errors.ts';
import type { LogRecord } from '../sources/source.ts';
import { type AwsSinkOptions, addressOf, createSinkSender, wordsFor } from './core/aws.ts';
import { checkText } from './core/checks.ts';
import { documentOf, type Entry, entriesOf, jsonOf, streamOf, type Transform, timeOf } from './core/entry.ts';
import { type Part, partsOf } from './core/parts.ts';
import { createSink, DONE, type Sink } from './core/sink.ts';

export type { RecordDocument, Transform } from './core/entry.ts';

/** Where the objects go, and what is in them. */
export interface S3SinkOptions extends AwsSinkOptions {
  readonly bucket: string;
  /** In front of every key, such as `logs/`. */
  readonly prefix?: string | undefined;
  /** `gzip` unless set; `zstd` needs Node 22.15. */
  readonly compression?: 'gzip' | 'zstd' | 'none' | undefined;
  /** What becomes a line of JSON, or several, or none. Unless set, the record as an object. */
  readonly transform?: Transform | undefined;
  /**
   * What stands in the key between the prefix and the name of the batch: made of the batch and its first record only, so that it is the
   * same when the batch comes again. Unless set, as in `dt=2026-01-31/hour=12/sls/shop/orders`, by the first record's time in UTC.
   */
  readonly partition?: ((first: LogRecord, batch: Batch) => string) | undefined;
}

type Compress = (data: Buffer) => Promise<Buffer>;

/** "Amazon S3 multipart upload limits", S3 user guide: an object of one PUT has at most 5 GiB, and a key 1,024 bytes. */
const OBJECT_BYTES_MAX = 5 * 1024 ** 3;
const TIMEOUT_MS = 60_000;

/**
 * Puts each batch into an object of its own, as lines of JSON. It is named by the id of the batch: a batch that comes again under its id
 * overwrites its object with the same.
 */
export function s3Sink(options: S3SinkOptions): Sink {
  const { bucket, prefix = '', compression = 'gzip', transform = documentOf, partition = byHour } = options;
  checkText('s3Sink: bucket', bucket, 'name the bucket');
  const { ending, type, compress } = formatOf(compression);
  const { originIn, root } = bucketAddress({ bucket, endpoint: addressOf('s3', options) });
  const words = { refusalIn: s3RefusalIn, ...wordsFor(`bucket ${JSON.stringify(bucket)}`) };
  const send = createSinkSender({ service: 's3', originIn, timeoutMs: TIMEOUT_MS }, options, words);

  const put = async (key: string, lines: readonly Entry<string>[], signal: AbortSignal): Promise<void> => {
    const action = 's3:PutObject';
    const body = await compress(Buffer.from(lines.map(({ value }) => value).join('')));
    const path = root + key.split('/').map(escapeAws).join('/');
    const request = { action, method: 'PUT', path, headers: { 'content-type': type }, body, signal };
    const response = await send(request);
    if (!isSuccess(response.status)) throw refused(response, action, words);
  };

  return createSink<Part<string>>(
    {
      name: 's3',
      limits: { countMax: 1, bytesMax: OBJECT_BYTES_MAX },
      parallelMax: 1,
      read: (batch) =>
        partsOf(
          entriesOf(batch, transform, ({ value }) => {
            const line = `${jsonOf(value)}\n`;
            return { value: line, bytes: Buffer.byteLength(line) };
          }),
          { countMax: Number.POSITIVE_INFINITY, bytesMax: OBJECT_BYTES_MAX },
        ),
      async send([part], batch, signal) {
        await put(`${prefix}${keyOf(batch, partition)}${ending}`, part!.value.entries, signal);
        return [DONE];
      },
    },
    options,
  );
}

function formatOf(compression: string): { ending: string; type: string; compress: Compress } {
  if (compression === 'none') {
    return { ending: '.ndjson', type: 'application/x-ndjson', compress: async (data) => data };
  }
  if (compression === 'gzip') {
    return { ending: '.ndjson.gz', type: 'application/gzip', compress: promisify(zlib.gzip) };
  }
  if (compression === 'zstd' && zlib.zstdCompress !== undefined) {
    return { ending: '.ndjson.zst', type: 'application/zstd', compress: promisify(zlib.zstdCompress) };
  }
  throw new SettingsError(
    's3Sink: compression',
    compression,
    'write gzip, zstd (from Node 22.15 on) or none',
  );
}

/** Everything in it is told by the id of the batch, and by its first record, which is the same under the same id. */
function keyOf(batch: Batch, partition: NonNullable<S3SinkOptions['partition']>): string {
  const [first] = batch.records;
  const { group, shard, id } = batch;
  const [, range = '', part] =
    /^(.*?)(?:\/(\d+-\d+))?$/s.exec(id.slice(group.length + shard.length + 2)) ?? [];
  const name = part === undefined ? plain(range) : `${plain(range)}.${part}`;
  return `${partition(first!, batch)}/${plain(group)}/${plain(shard)}/${name}`;
}

function byHour({ timeMs }: LogRecord, batch: Batch): string {
  const [day, time] = timeOf(timeMs).split('T');
  const stream = streamOf(batch).split('/').map(plain).join('/');
  return `dt=${day}/hour=${time!.slice(0, 2)}/${stream}`;
}

/** What nobody has to escape in a key, and no two texts have in common: "Creating object key names", S3 user guide. */
const plain = (text: string): string =>
  text.replace(/[^A-Za-z0-9_-]/gu, (character) => `!${Buffer.from(character).toString('hex')}`);
