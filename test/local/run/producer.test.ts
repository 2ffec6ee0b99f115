import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Input } from '../../../local/run/inputs.ts';
import { type ProducerOptions, produce } from '../../../local/run/producer.ts';
import type { RunRecord } from '../../../local/run/record.ts';

function inputOf(...chunks: (string | Uint8Array)[][]): Input {
  return {
    name: 'test',
    lines: undefined,
    bytes: undefined,
    read: async function* () {
      for (const chunk of chunks) yield chunk.map((line) => Buffer.from(line as Uint8Array));
    },
  };
}

interface Group {
  shard: number;
  records: readonly RunRecord[];
}

async function run(inputs: Input[], more: Partial<ProducerOptions> = {}) {
  const groups: Group[] = [];
  const checksums: number[] = [];
  const lines = await produce({
    inputs,
    shards: 2,
    put: async (shard, records) => {
      groups.push({ shard, records });
    },
    onLine: (line, checksum) => {
      checksums[line - 1] = checksum;
    },
    now: () => 1_700_000_000_000,
    signal: new AbortController().signal,
    ...more,
  });
  return { lines, groups, checksums };
}

const linesOf = ({ records }: Group): unknown[] => records.map(({ fields }) => fields.line);

describe('the producer', () => {
  it('puts each line as one record with its number and its bytes, counted over all inputs', async () => {
    const bytes = Uint8Array.from([0, 255, 13, 200]);
    const { lines, groups, checksums } = await run([inputOf(['one', '']), inputOf([bytes])]);
    expect(lines).toBe(3);
    expect(groups.flatMap(({ records }) => records)).toEqual([
      { timeMs: 1_700_000_000_000, fields: { line: '1', content: Buffer.from('one') } },
      { timeMs: 1_700_000_000_000, fields: { line: '2', content: Buffer.from('') } },
      { timeMs: 1_700_000_000_000, fields: { line: '3', content: Buffer.from(bytes) } },
    ]);
    expect(checksums).toEqual([crc32('one'), crc32(''), crc32(bytes)]);
  });

  it('divides what it read at once evenly over the shards, with at most 500 records in a group', async () => {
    const few = Array.from({ length: 5 }, () => 'short');
    const many = Array.from({ length: 1_200 }, () => 'short');
    const { groups } = await run([inputOf(few, many, ['one'])]);
    expect(groups.map(({ shard, records }) => [shard, records.length])).toEqual([
      [0, 3],
      [1, 2],
      [0, 500],
      [1, 500],
      [0, 200],
      [1, 1],
    ]);
  });

  it('puts about a megabyte in a group at most', async () => {
    const long = ['a', 'b', 'c'].map((letter) => letter.repeat(600_000));
    const { groups } = await run([inputOf(long)], { shards: 1 });
    expect(groups.map(({ records }) => records.length)).toEqual([1, 1, 1]);
  });

  it('never has two groups of one shard on their way, so that its lines keep their order', async () => {
    const busy = new Set<number>();
    const seen: Group[] = [];
    await run([inputOf(...Array.from({ length: 20 }, (_, index) => [`line ${index}`]))], {
      put: async (shard, records) => {
        expect(busy.has(shard)).toBe(false);
        busy.add(shard);
        await new Promise((resolve) => setTimeout(resolve, shard === 0 ? 3 : 1));
        busy.delete(shard);
        seen.push({ shard, records });
      },
    });
    for (const shard of [0, 1]) {
      const lines = seen
        .filter((group) => group.shard === shard)
        .flatMap(linesOf)
        .map(Number);
      expect(lines).toEqual(lines.toSorted((a, b) => a - b));
    }
  });

  it('ends with the failure of a put', async () => {
    const failing = run([inputOf(['a'], ['b'], ['c'], ['d'])], {
      put: async () => {
        throw new Error('quota');
      },
    });
    await expect(failing).rejects.toThrow('quota');
  });

  it('puts nothing more once the run is stopped', async () => {
    const stop = new AbortController();
    const puts: number[] = [];
    const stopped = run([inputOf(['a'], ['b'], ['c'])], {
      signal: stop.signal,
      put: async (shard) => {
        puts.push(shard);
        stop.abort(new Error('stopped'));
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(puts).toEqual([0]);
  });
});
