/** How what a plan is made of grows with the group: lists of shards as the services answer them, and who is to have them. */
import { planByLag } from '../../lib/group/planByLag.ts';
import { planEvenly, type Strategy } from '../../lib/group/planner.ts';
import { systemClock, systemRandom } from '../../lib/runtime.ts';
import { partitionsOf } from '../../lib/sources/cls/answers.ts';
import type { ClsClient } from '../../lib/sources/cls/client.ts';
import { type Fields, parseJson } from '../../lib/sources/cls/json.ts';
import type { Positions } from '../../lib/sources/cls/positions.ts';
import { createClsSource } from '../../lib/sources/cls/source.ts';
import { parentsOf, type ShardRange } from '../../lib/sources/lineage.ts';
import { createSlsSource } from '../../lib/sources/sls/source.ts';
import { createDice } from '../../local/faults/dice.ts';

/** Shards; a slot for each ten. */
export const SIZES = [1_250, 2_500, 5_000, 10_000] as const;
const ROUNDS = 12;
const { signal } = new AbortController();

/** Milliseconds of CPU for each size, in the order of `SIZES`. */
export interface Growth {
  name: string;
  milliseconds: number[];
  /** By how much the largest takes longer than n log n lets expect from the smallest: 1, or 6 where it grows with the square. */
  ratio: number;
}

export async function measureGrowth(): Promise<Growth[]> {
  const growth: Growth[] = [];
  for (const [name, prepare] of Object.entries(SUBJECTS)) {
    const work = SIZES.map((size) => prepare(size));
    // What is compiled while the first one runs is not its own.
    for (let round = 0; round < ROUNDS; round++) for (const each of work) await each();
    const milliseconds: number[] = [];
    for (const [at, each] of work.entries()) {
      // As many shards for all sizes: a processor's time is counted in steps of some milliseconds.
      const times = (ROUNDS * SIZES.at(-1)!) / SIZES[at]!;
      const before = process.threadCpuUsage();
      for (let time = 0; time < times; time++) await each();
      const { user, system } = process.threadCpuUsage(before);
      milliseconds.push((user + system) / 1_000 / times);
    }
    const [least, most] = [0, -1].map((at) => milliseconds.at(at)! / expected(SIZES.at(at)!)) as [
      number,
      number,
    ];
    growth.push({ name, milliseconds, ratio: most / least });
  }
  return growth;
}

const expected = (size: number): number => size * Math.log2(size);

const SUBJECTS: Readonly<Record<string, (size: number) => () => unknown>> = {
  'who continues whom, after splits': (size) => {
    const ranges = splitRanges(size);
    return () => parentsOf(ranges);
  },
  'list of SLS': (size) => {
    const body = Buffer.from(
      JSON.stringify(
        splitRanges(size).map(({ id, beginKey, endKey }) => ({
          shardID: id,
          status: 'readwrite',
          inclusiveBeginKey: beginKey,
          exclusiveEndKey: endKey,
          createTime: 1_767_225_600,
        })),
      ),
    );
    const source = createSlsSource({
      endpoint: 'cn-hangzhou.log.aliyuncs.com',
      project: 'shop',
      logstore: 'orders',
      clock: systemClock,
      random: systemRandom,
      credentials: () => ({ accessKeyId: 'id', accessKeySecret: 'secret' }),
      transport: async () => ({ status: 200, headers: {}, body }),
    });
    return () => source.listShards(signal);
  },
  'list of CLS': (size) => {
    const text = JSON.stringify({
      Partitions: splitRanges(size).map(({ id, beginKey, endKey }) => ({
        TopicId: '11111111-1111-4111-8111-111111111111',
        PartitionId: id,
        Status: 'readwrite',
        InclusiveBeginKey: beginKey,
        ExclusiveEndKey: endKey,
        CreateTime: '2026-01-01 00:00:00',
      })),
    });
    const client = { describePartitions: async () => partitionsOf(parseJson(text) as Fields) };
    const source = createClsSource({
      client: client as unknown as ClsClient,
      topic: '11111111-1111-4111-8111-111111111111',
      positions: {} as Positions,
    });
    return () => source.listShards(signal);
  },
  'plan, even': (size) => planned(size, size / 10, planEvenly),
  'plan, by lag': (size) => planned(size, size / 10, planByLag),
  'plan, by lag, for ten slots': (size) => planned(size, 10, planByLag),
};

/** Of a stream that began with one shard, of which ever another one was split. */
function splitRanges(count: number): ShardRange[] {
  const { next } = createDice('splits');
  const open = [{ begin: 0, end: 1 }];
  const ranges: ShardRange[] = [rangeOf(0, 0, 1)];
  while (ranges.length < count) {
    const at = Math.floor(next() * open.length);
    const { begin, end } = open[at]!;
    const middle = (begin + end) / 2;
    open[at] = { begin, end: middle };
    open.push({ begin: middle, end });
    ranges.push(rangeOf(ranges.length, begin, middle), rangeOf(ranges.length + 1, middle, end));
  }
  return ranges.slice(0, count);
}

const rangeOf = (id: number, begin: number, end: number): ShardRange => ({
  id,
  beginKey: keyOf(begin),
  endKey: keyOf(end),
});

const keyOf = (place: number): string =>
  place === 1
    ? 'f'.repeat(32)
    : Math.floor(place * 2 ** 48)
        .toString(16)
        .padStart(12, '0')
        .padEnd(32, '0');

/** One slot is far behind, so that there is something to exchange; one is gone. */
function planned(shards: number, slots: number, strategy: Strategy): () => unknown {
  const names = Array.from({ length: slots }, (_, slot) => `consumer-${slot}`);
  const ids = Array.from({ length: shards }, (_, shard) => String(shard));
  const empty = new Map(ids.map((id) => [id, {}]));
  const before = planEvenly({
    generation: 1,
    consumers: new Map(names.map((name) => [name, {}])),
    shards: empty,
  });
  const behind = before.get('consumer-0')!;
  const lagOf = (id: string): number => (id in behind ? 1_000 + ((Number(id) * 7_919) % 100_000) : 7);
  const input = {
    generation: 2,
    consumers: new Map(names.slice(0, -1).map((name) => [name, { assigned: before.get(name)! }])),
    shards: new Map(ids.map((id) => [id, { lagMs: lagOf(id) }])),
  };
  return () => strategy(input);
}
