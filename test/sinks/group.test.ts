/** What stands in a sink after real ticks of a group of which some die, and some come back from the dead. */
import { gunzipSync } from 'node:zlib';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliverBatches } from '../../lib/delivery/eachBatch.ts';
import type { Batch, EachBatch } from '../../lib/delivery/userModule.ts';
import type { GroupStore } from '../../lib/group/store.ts';
import { clickhouseSink } from '../../lib/sinks/clickhouse.ts';
import type { Transform } from '../../lib/sinks/core/entry.ts';
import { dynamodbSink } from '../../lib/sinks/dynamodb.ts';
import { httpSink } from '../../lib/sinks/http.ts';
import { opensearchSink } from '../../lib/sinks/opensearch.ts';
import { s3Sink } from '../../lib/sinks/s3.ts';
import { sqsSink } from '../../lib/sinks/sqs.ts';
import { contextOf } from '../../lib/testing.ts';
import { account } from '../support/awsService.ts';
import { createManualClock } from '../support/clock.ts';
import {
  type Clickhouse,
  type Opensearch,
  type Receiver,
  startClickhouse,
  startOpensearch,
  startReceiver,
} from '../support/collectors.ts';
import { DELIVERY } from '../support/delivery.ts';
import { type LocalTable, startLocalTable } from '../support/localTable.ts';
import { createMemorySource } from '../support/memorySource.ts';
import { type S3Service, startS3Service } from '../support/s3Service.ts';
import { type SqsService, startSqsService } from '../support/sqsService.ts';
import { createGroup, INTERVAL_MS } from '../support/world.ts';
import { numbered } from './support.ts';

let s3: S3Service;
let sqs: SqsService;
let receiver: Receiver;
let opensearch: Opensearch;
let clickhouse: Clickhouse;
let table: LocalTable;
beforeAll(async () => {
  s3 = await startS3Service({ name: 'lake', encoding: 'latin1' });
  sqs = await startSqsService();
  receiver = await startReceiver();
  opensearch = await startOpensearch();
  clickhouse = await startClickhouse();
});
afterAll(() =>
  Promise.all([s3, sqs, receiver, opensearch, clickhouse, table].map((service) => service.close())),
);
beforeEach(async () => {
  s3.objects.clear();
  sqs.clear();
  receiver.bodies.clear();
  opensearch.documents.clear();
  clickhouse.forget();
  await table?.close();
  table = await startLocalTable('audit');
});

const line: Transform<object> = (record) => ({ line: record.get('content') });
const aws = { client: { config: account } };
const lineIn = (text: string): string => JSON.parse(text).line;

/** Each sink that can, and the lines that stand in it. */
const SINKS: Record<string, { make: () => EachBatch; stand: () => string[] | Promise<string[]> }> = {
  s3: {
    make: () => s3Sink({ ...aws, bucket: 'lake', endpoint: s3.url, transform: line }),
    stand: () =>
      [...s3.objects.values()].flatMap((object) =>
        gunzipSync(Buffer.from(object, 'latin1')).toString().trimEnd().split('\n').map(lineIn),
      ),
  },
  'sqs, FIFO': {
    make: () => sqsSink({ ...aws, queueUrl: `${sqs.url}/123456789012/orders.fifo`, transform: line }),
    stand: () => sqs.messages.map(({ body }) => lineIn(body)),
  },
  http: {
    make: () => httpSink({ url: receiver.url, transform: line, countMax: 4 }),
    stand: () =>
      [...receiver.bodies.values()].flatMap((body) =>
        (JSON.parse(body) as object[]).map((row) => lineIn(JSON.stringify(row))),
      ),
  },
  opensearch: {
    make: () => opensearchSink({ url: opensearch.url, index: 'audit', transform: line }),
    stand: () => [...opensearch.documents.values()].map(({ line }) => String(line)),
  },
  clickhouse: {
    make: () =>
      clickhouseSink({
        ...{ url: clickhouse.url, database: 'audit', table: 'li`nes', transform: line, countMax: 4 },
        login: { username: 'me', password: 'the-password' },
      }),
    stand: () => clickhouse.rows.map(({ line }) => String(line)),
  },
  dynamodb: {
    make: () =>
      dynamodbSink({
        ...{ ...aws, tableName: 'audit', key: ['pk', 'sk'], endpoint: table.service.endpoint },
        transform: (record, _batch, name) => ({ pk: 'a', sk: name, line: record.get('content') }),
      }),
    async stand() {
      const { Items = [] } = await table.client.send(new ScanCommand({ TableName: 'audit' }));
      return Items.map(({ line }) => line!.S!);
    },
  },
};

const never = <T>(): Promise<T> => new Promise(() => {});

/** A slot that is about to read ten lines. */
async function groupOf(identity: 'refused' | 'durable') {
  const clock = createManualClock(Date.now());
  sqs.clock = clock;
  const source = createMemorySource(['0'], 1_000);
  const world = createGroup({ clock, source }, { delivery: { ...DELIVERY, identity } });
  for (let round = 0; round < 3; round++) await world.round('a');
  for (const content of numbered(10)) source.append('0', { content });

  /** A run that dies after its function has done that with its batch: nothing of it is written any more. */
  const die = async (work: (batch: Batch) => Promise<unknown>): Promise<void> => {
    const died = Promise.withResolvers<void>();
    let isDead = false;
    const update = ((...given: Parameters<GroupStore['update']>) =>
      isDead ? never() : world.store.update(...given)) as GroupStore['update'];
    const deliver = deliverBatches(async (batch) => {
      await work(batch);
      isDead = true;
      died.resolve();
      return never<void>();
    });
    void world.tick('a', 'a', { deliver, store: { ...world.store, update } });
    await died.promise;
    clock.advance(INTERVAL_MS);
  };
  const goOn = async (sink: EachBatch): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await world.tick('a', 'another one', { deliver: deliverBatches(sink) });
      clock.advance(INTERVAL_MS);
    }
  };
  return { source, die, goOn };
}

describe.each(Object.entries(SINKS))('%s', (_name, { make, stand }) => {
  it('has each record once after a run that died with its batch sent, whatever came meanwhile', async () => {
    const { source, die, goOn } = await groupOf('durable');
    await die(async (batch) => expect(await make()(batch, contextOf())).toBeUndefined());
    source.append('0', { content: 'one more' });
    await goOn(make());
    expect((await stand()).sort()).toEqual([...numbered(10), 'one more'].sort());
  });

  it('has each record once with a zombie that sends its batch when all is done', async () => {
    const { source, die, goOn } = await groupOf('durable');
    let haunt = async (): Promise<unknown> => undefined;
    await die(async (batch) => {
      haunt = async () => make()(batch, contextOf());
    });
    source.append('0', { content: 'one more' });
    await goOn(make());
    await haunt();
    expect((await stand()).sort()).toEqual([...numbered(10), 'one more'].sort());
  });
});

it.each(['s3', 'http', 'clickhouse'])(
  '%s, where batches are not durable, has records twice after a run that died, and misses none',
  async (name) => {
    const { make, stand } = SINKS[name]!;
    const { source, die, goOn } = await groupOf('refused');
    await die(async (batch) => make()(batch, contextOf()));
    source.append('0', { content: 'one more' });
    await goOn(make());
    const lines = await stand();
    expect(lines.length).toBeGreaterThan(11);
    expect(new Set(lines)).toEqual(new Set([...numbered(10), 'one more']));
  },
);
