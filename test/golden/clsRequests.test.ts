import { afterAll, expect, test } from 'vitest';
import { systemClock as clock, systemRandom as random } from '../../lib/runtime.ts';
import { type ClsClient, createClsClient } from '../../lib/sources/cls/client.ts';
import { startStage } from '../interop/cls/stage.ts';
import { bytesOf, type ClsGolden, type Exchange, readGolden } from './golden.ts';

const golden = await readGolden<ClsGolden>('cls/python-calls');
const [orders, audit] = golden.topics!.map(({ id }) => id) as [string, string];
const stage = await startStage({ partitions: [1, 2] });
afterAll(() => stage[Symbol.asyncDispose]());
const names = { region: 'ap-guangzhou', logset: golden.logset!, endpoint: stage.url, apiEndpoint: stage.url };
const client = createClsClient({ ...names, credentials: () => golden.account, clock, random });
const group = 'billing';
const topics = [orders, audit];
const signal = AbortSignal.timeout(10_000);

/** What the SDK called, as it was recorded, and how we call it. */
const CALLS: Readonly<Record<string, (ours: ClsClient) => Promise<unknown>>> = {
  CreateConsumerGroup: (ours) =>
    ours.createConsumerGroup({ group, topics: [orders], timeoutSec: 60 }, signal),
  ModifyConsumerGroup: (ours) => ours.modifyConsumerGroup({ group, topics, timeoutSec: 30 }, signal),
  SendConsumerHeartbeat: (ours) =>
    ours.sendConsumerHeartbeat({ group, consumer: 'alpha', topics, holding: [] }, signal),
  DescribeConsumerOffsets: (ours) =>
    ours.describeConsumerOffsets({ group, from: 'begin', topic: orders, partition: 1 }, signal),
  CommitConsumerOffsets: (ours) => {
    const offsets = [{ topic: orders, partition: 1, offset: '2' }];
    return ours.commitConsumerOffsets({ group, consumer: 'alpha', offsets }, signal);
  },
  PullLogs: (ours) =>
    ours.pullLogs({ topic: orders, partition: 1, offset: '0', bytesMax: 1024 ** 2 }, signal),
  DeleteConsumerGroup: (ours) => ours.deleteConsumerGroup(group, signal),
};

test.each(Object.entries(CALLS))('%s: we send what the SDK sends', async (operation, call) => {
  // Whether it is granted does not matter here.
  await call(client).catch(() => {});
  const ours = stage.exchanges.findLast(({ request }) => operationOf(request) === operation);
  const theirs = golden.exchanges.find(({ request }) => operationOf(request) === operation);
  expect(meaningOf(ours!.request)).toEqual(meaningOf(theirs!.request));
});

function operationOf({ target, headers }: Exchange['request']): string | undefined {
  return target.startsWith('/pull_log?') ? 'PullLogs' : headers['x-tc-action'];
}

/** Without what says when it was sent, and by whom. */
function meaningOf(request: Exchange['request']) {
  const { authorization = '', ...headers } = request.headers;
  for (const name of ['accept', 'accept-encoding', 'host', 'x-tc-timestamp']) delete headers[name];
  const signed = authorization.replace(/[0-9a-f]{40,}|\d{10}/g, '…').replace(/\d{4}-\d\d-\d\d/, '…');
  const body = JSON.parse(bytesOf(request).toString()) as unknown;
  return { method: request.method, target: request.target, headers, signed, body };
}
