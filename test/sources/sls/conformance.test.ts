import { expect } from 'vitest';
import { combineSources } from '../../../lib/sources/combined.ts';
import { createSlsClient, type SlsClient } from '../../../lib/sources/sls/client.ts';
import { createSlsSource } from '../../../lib/sources/sls/source.ts';
import type { Source } from '../../../lib/sources/source.ts';
import { createSlsWriter, type SlsWriter } from '../../../local/clients/sls/writer.ts';
import { startSls } from '../../../local/sls/service.ts';
import { type ClosableBackend, describeSource } from '../../conformance/source.ts';
import { createCountingRandom, createManualClock } from '../../support/clock.ts';
import { CREDENTIALS, signal } from './support.ts';

describeSource('sls, signed with v4 and compressed with zstd', () =>
  startBackend({ signature: 'v4', compression: 'zstd' }),
);
describeSource('sls, signed with v1 and compressed with lz4', () =>
  startBackend({ signature: 'v1', compression: 'lz4' }),
);

describeSource('of several streams', async () => {
  const backend = await startBackend({ signature: 'v4', compression: 'zstd' });
  const orders = backend.source;
  const nothing: Source = {
    kind: orders.kind,
    tags: { source: 'sls' },
    listShards: async (signal) => {
      signal.throwIfAborted();
      return [];
    },
    cursorAt: () => expect.unreachable('it has no shards'),
    pull: () => expect.unreachable('it has no shards'),
  };
  const prefixed = (id: string): string => `orders:${id}`;
  const plain = (shard: string): string => shard.replace('orders:', '');
  return {
    ...backend,
    source: combineSources({ orders, audit: nothing }),
    put: (shard, lines) => backend.put(plain(shard), lines),
    split: async (shard) => (await backend.split(plain(shard))).map(prefixed),
    merge: async (shard) => {
      const { parents, child } = await backend.merge(plain(shard));
      return { parents: parents.map(prefixed), child: prefixed(child) };
    },
  };
});

async function startBackend(variant: {
  signature: 'v1' | 'v4';
  compression: 'zstd' | 'lz4';
}): Promise<ClosableBackend> {
  const clock = createManualClock();
  const service = await startSls({ accounts: [CREDENTIALS], clock });
  const options = {
    endpoint: service.url,
    project: 'shop',
    logstore: 'orders',
    region: 'cn-hangzhou',
    credentials: () => CREDENTIALS,
    clock,
    random: createCountingRandom(),
    ...variant,
  };
  const client = createSlsClient(options);
  const writer = createSlsWriter(options);
  await writer.createProject('conformance', signal);
  await writer.createLogStore({ ttlDays: 7, shardCount: 2 }, signal);
  return {
    source: createSlsSource(options),
    put: (shard, lines) => put({ client, writer }, shard, lines, clock.now()),
    split: (shard) => split({ client, writer }, shard),
    merge: (shard) => merge(writer, shard),
    now: clock.now,
    advance: clock.advance,
    closeAll: service.close,
  };
}

interface Clients {
  client: SlsClient;
  writer: SlsWriter;
}

/** To the shard whose range begins with the hash key. */
async function put(
  { client, writer }: Clients,
  shard: string,
  lines: string[],
  timeMs: number,
): Promise<void> {
  const hashKey = (await rangeOf(client, shard)).inclusiveBeginKey;
  const logs = lines.map((line) => ({ timeMs, fields: { line } }));
  await writer.putLogs({ logs }, { hashKey }, signal);
}

async function split({ client, writer }: Clients, shard: string): Promise<string[]> {
  const { inclusiveBeginKey, exclusiveEndKey } = await rangeOf(client, shard);
  const middle = (BigInt(`0x${inclusiveBeginKey}`) + BigInt(`0x${exclusiveEndKey}`)) / 2n;
  const involved = await writer.splitShard(shard, middle.toString(16).padStart(32, '0'), signal);
  return involved.filter(({ status }) => status === 'readwrite').map(({ shardID }) => String(shardID));
}

async function merge(writer: SlsWriter, shard: string): Promise<{ parents: string[]; child: string }> {
  const involved = await writer.mergeShards(shard, signal);
  const withStatus = (wanted: string): string[] =>
    involved.filter(({ status }) => status === wanted).map(({ shardID }) => String(shardID));
  return { parents: withStatus('readonly'), child: withStatus('readwrite')[0]! };
}

async function rangeOf(client: SlsClient, shard: string) {
  const shards = await client.listShards(signal);
  return shards.find(({ shardID }) => String(shardID) === shard)!;
}
