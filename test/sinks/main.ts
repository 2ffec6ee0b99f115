/**
 * `npm run test:sinks`: the sinks of AWS against moto's services, which have nothing in common with those of the tests: whether requests are
 * understood, and what then stands there, after a batch that came twice.
 */
import { strict as assert } from 'node:assert';
import { gunzipSync } from 'node:zlib';
import type { Sink } from '../../lib/sinks/core/sink.ts';
import { dynamodbSink } from '../../lib/sinks/dynamodb.ts';
import { eventbridgeSink } from '../../lib/sinks/eventbridge.ts';
import { firehoseSink } from '../../lib/sinks/firehose.ts';
import { kinesisSink } from '../../lib/sinks/kinesis.ts';
import { s3Sink } from '../../lib/sinks/s3.ts';
import { sqsSink } from '../../lib/sinks/sqs.ts';
import { contextOf } from '../../lib/testing.ts';
import { account, REGION } from '../support/awsService.ts';
import { type Moto, startMoto } from '../support/moto.ts';
import { linesOf, numbered } from './support.ts';

type Answer = Record<string, unknown>;
const LINES = numbered(30);

const LOCATION = `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`;

/** Which service a request is for, moto reads in its signature, and does not check that. */
const signedFor = (service: string): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

function callsOf({ url }: Moto) {
  const call = async (service: string, target: string, input: object): Promise<Answer> => {
    const headers = {
      ...signedFor(service),
      'x-amz-target': target,
      'content-type': `application/x-amz-json-${/^(sqs|dynamodb)$/.test(service) ? '1.0' : '1.1'}`,
    };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input) });
    const text = await answer.text();
    assert(answer.ok, `${target}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  const bucket = async (method: 'PUT' | 'GET', path: string): Promise<Buffer> => {
    const headers = signedFor('s3');
    const answer = await fetch(`${url}/${path}`, {
      method,
      headers,
      ...(method === 'PUT' && { body: LOCATION }),
    });
    assert(answer.ok, `${method} ${path}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  };
  /** What is in all objects of a bucket. */
  const objects = async (name: string): Promise<Buffer[]> => {
    const list = (await bucket('GET', `${name}?list-type=2`)).toString();
    const keys = [...list.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
    return Promise.all(
      keys.map((key) => bucket('GET', `${name}/${key.split('/').map(encodeURIComponent).join('/')}`)),
    );
  };
  return { call, bucket, objects };
}

/** Gives a batch twice, as it comes again after a crash. */
async function giveTwice(
  name: string,
  sink: Sink,
  stand: () => Promise<string[]>,
  times: 1 | 2,
): Promise<void> {
  for (let time = 0; time < 2; time++) {
    assert.equal(await sink(linesOf(LINES), contextOf()), undefined, `${name} has not taken all`);
  }
  const lines = await stand();
  assert.deepEqual(lines.sort(), [...LINES, ...(times === 2 ? LINES : [])].sort(), name);
  console.log(`ok      ${name}: a batch that came twice is there ${times === 1 ? 'once' : 'twice'}`);
}

async function run(moto: Moto): Promise<void> {
  const { call, bucket, objects } = callsOf(moto);
  const common = {
    ...{ client: { config: account }, endpoint: moto.url },
    transform: (record: { get(field: string): string | undefined }) => ({ line: record.get('content') }),
  };
  const lineIn = (text: string): string => JSON.parse(text).line;
  const linesIn = (text: string): string[] => text.trimEnd().split('\n').map(lineIn);

  await bucket('PUT', 'lake');
  const inLake = async () =>
    (await objects('lake')).flatMap((object) => linesIn(gunzipSync(object).toString()));
  await giveTwice('s3', s3Sink({ ...common, bucket: 'lake' }), inLake, 1);

  const queue = { QueueName: 'orders.fifo', Attributes: { FifoQueue: 'true' } };
  const { QueueUrl } = await call('sqs', 'AmazonSQS.CreateQueue', queue);
  const queueUrl = `${moto.url}${new URL(String(QueueUrl)).pathname}`;
  const inQueue = async (): Promise<string[]> => {
    const lines: string[] = [];
    for (;;) {
      const input = { QueueUrl: queueUrl, MaxNumberOfMessages: 10 };
      const { Messages = [] } = await call('sqs', 'AmazonSQS.ReceiveMessage', input);
      const messages = Messages as { Body: string; ReceiptHandle: string }[];
      if (messages.length === 0) return lines;
      for (const { Body, ReceiptHandle } of messages) {
        lines.push(lineIn(Body));
        await call('sqs', 'AmazonSQS.DeleteMessage', { QueueUrl: queueUrl, ReceiptHandle });
      }
    }
  };
  await giveTwice('sqs, FIFO', sqsSink({ ...common, queueUrl }), inQueue, 1);

  const table = {
    TableName: 'audit',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  };
  await call('dynamodb', 'DynamoDB_20120810.CreateTable', table);
  const inTable = async (): Promise<string[]> => {
    const { Items } = await call('dynamodb', 'DynamoDB_20120810.Scan', { TableName: 'audit' });
    return (Items as { line: { S: string } }[]).map(({ line }) => line.S);
  };
  const items = dynamodbSink({
    ...{ ...common, tableName: 'audit', key: ['pk'] },
    transform: (record, _batch, name) => ({ pk: name, line: record.get('content') }),
  });
  await giveTwice('dynamodb', items, inTable, 1);

  await call('kinesis', 'Kinesis_20131202.CreateStream', { StreamName: 'audit', ShardCount: 1 });
  const inStream = async (): Promise<string[]> => {
    const place = { StreamName: 'audit', ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' };
    const { ShardIterator } = await call('kinesis', 'Kinesis_20131202.GetShardIterator', place);
    const { Records } = await call('kinesis', 'Kinesis_20131202.GetRecords', { ShardIterator });
    return (Records as { Data: string }[]).map(({ Data }) => lineIn(Buffer.from(Data, 'base64').toString()));
  };
  await giveTwice('kinesis', kinesisSink({ ...common, streamName: 'audit' }), inStream, 2);

  await bucket('PUT', 'delivered');
  const destination = { RoleARN: 'arn:aws:iam::123456789012:role/any', BucketARN: 'arn:aws:s3:::delivered' };
  const delivery = { DeliveryStreamName: 'audit', ExtendedS3DestinationConfiguration: destination };
  await call('firehose', 'Firehose_20150804.CreateDeliveryStream', delivery);
  const delivered = async () => (await objects('delivered')).flatMap((object) => linesIn(object.toString()));
  await giveTwice('firehose', firehoseSink({ ...common, streamName: 'audit' }), delivered, 2);

  // Nobody can ask a bus what it was sent: that it has taken all is what its answers say.
  const bus = eventbridgeSink({ ...common, bus: 'default', source: 'shop.orders', detailType: 'line' });
  assert.equal(await bus(linesOf(LINES), contextOf()), undefined);
  console.log('ok      eventbridge: a batch is taken');
}

const moto = await startMoto();
if (moto === undefined) console.log('skipped: no python3');
else {
  try {
    await run(moto);
  } finally {
    moto.kill();
  }
}
