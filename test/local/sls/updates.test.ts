import { expect, test } from 'vitest';
import { json } from './json.ts';
import { cursorOf, messagesOf, pull, putByKey, START_SEC, startBench } from './support.ts';

test('UpdateLogStore changes what it names, tells when, and leaves the shards alone', async () => {
  const bench = await startBench();
  bench.clock.advance(5000);
  const change = { logstoreName: 'orders', ttl: 7, shardCount: 9, autoSplit: true, maxSplitShard: null };
  expect((await json(bench, 'PUT', '/logstores/orders', change)).outcome).toBe('200');
  expect((await bench.call({ path: '/logstores/orders' })).json).toMatchObject({
    ttl: 7,
    shardCount: 2,
    autoSplit: true,
    maxSplitShard: 64,
    enable_tracking: false,
    createTime: START_SEC,
    lastModifyTime: START_SEC + 5,
  });
  expect((await bench.call({ path: '/logstores/orders/shards' })).json).toHaveLength(2);
});

test.each([
  ['a ttl of nothing', { ttl: 0 }, '400 LogStoreInfoInvalid'],
  ['a ttl beyond forever', { ttl: 3651 }, '400 LogStoreInfoInvalid'],
  ['a ttl that is no number', { ttl: 'long' }, '400 LogStoreInfoInvalid'],
  ['shards beyond counting', { maxSplitShard: 1e9 }, '400 LogStoreInfoInvalid'],
  ['another name', { logstoreName: 'visits' }, '400 LogStoreInfoInvalid'],
  ['a list', [], '400 PostBodyInvalid'],
])('UpdateLogStore with %s is refused and changes nothing', async (_what, change, outcome) => {
  const bench = await startBench();
  const before = (await bench.call({ path: '/logstores/orders' })).json;
  expect((await json(bench, 'PUT', '/logstores/orders', change)).outcome).toBe(outcome);
  expect((await bench.call({ path: '/logstores/orders' })).json).toEqual(before);
});

test('DeleteLogStore and DeleteProject take with them what is in there', async () => {
  const bench = await startBench();
  bench.service.createLogstore('shop', 'visits');
  const remove = (path: string) => bench.call({ method: 'DELETE', path });
  expect((await remove('/logstores/orders')).outcome).toBe('200');
  expect((await remove('/logstores/orders')).outcome).toBe('404 LogStoreNotExist');
  expect((await putByKey(bench, '0', 'a')).outcome).toBe('404 LogStoreNotExist');
  expect((await bench.call({ path: '/logstores' })).json.logstores).toEqual(['visits']);
  expect((await remove('/')).outcome).toBe('200');
  expect((await remove('/')).outcome).toBe('404 ProjectNotExist');
  expect((await bench.call({ path: '/logstores' })).outcome).toBe('404 ProjectNotExist');
});

test('a query for everything is answered with everything, and with how much that was', async () => {
  const bench = await startBench();
  await putByKey(bench, '0', 'a', 'b');
  await putByKey(bench, '0', 'c');
  const begin = await cursorOf(bench, 0, 'begin');
  const answer = await pull(bench, 0, begin, { query: '*', pullMode: 'scan_on_stream' });
  expect(messagesOf(answer.body)).toEqual([['a', 'b'], ['c']]);
  expect(answer.headers).toMatchObject({
    'x-log-rawdatacount': '2',
    'x-log-rawdatalines': '3',
    'x-log-resultlines': '3',
    'x-log-failedlines': '0',
  });
  expect(Number(answer.headers['x-log-rawdatasize'])).toBeGreaterThan(50);
  expect((await pull(bench, 0, begin)).headers['x-log-rawdatacount']).toBeUndefined();
});

test.each([
  [{ query: "* | where level = 'error'" }, 'The local service cannot run SPL: leave out query, or write *.'],
  [{ processor: 'clean' }, 'The local service cannot filter: leave out processor.'],
  [{ queryId: '1' }, 'The local service cannot filter: leave out queryId.'],
])('what would have to be filtered (%o) is refused, not answered unfiltered', async (query, message) => {
  const bench = await startBench();
  const answer = await pull(bench, 0, await cursorOf(bench, 0, 'begin'), query);
  expect(answer.json).toEqual({ errorCode: 'NotSupported', errorMessage: message });
});
