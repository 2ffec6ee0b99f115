import { afterEach, describe, expect, it } from 'vitest';
import { systemClock as clock } from '../../../lib/runtime.ts';
import type { RunRecord } from '../../../local/run/record.ts';
import { type LogService, SOURCES, type SourceName } from '../../../local/run/services/service.ts';
import { LOG_SERVICES } from '../../../local/run/services/services.ts';

const { signal } = new AbortController();
const MIB = 1024 ** 2;
const running: LogService[] = [];

async function start(source: SourceName, shards: number, bytesMax = 64 * MIB): Promise<LogService> {
  const service = await LOG_SERVICES[source].start({ shards, port: 0, bytesMax, clock });
  running.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

const recordOf = (bytes: number): RunRecord => ({
  timeMs: clock.now(),
  fields: { line: '1', content: Buffer.alloc(bytes, 'x') },
});

describe.each(SOURCES)('the log service of a run: %s', (source) => {
  it.each([1, 2, 5])('puts records into the shard that is asked for, of %i', async (shards) => {
    const service = await start(source, shards);
    let before = service.endCursors();
    expect(Object.keys(before)).toHaveLength(shards);
    const filled = new Set<string>();
    for (let index = 0; index < shards; index += 1) {
      await service.put(index, [recordOf(10)], signal);
      const after = service.endCursors();
      const changed = Object.keys(after).filter((shard) => after[shard] !== before[shard]);
      expect(changed).toHaveLength(1);
      filled.add(changed[0]!);
      before = after;
    }
    expect(filled.size).toBe(shards);
  });

  it('says what to do when the inputs do not fit', async () => {
    const service = await start(source, 1, 3 * MIB);
    const putMuch = async (): Promise<void> => {
      for (let times = 0; times < 4; times += 1) await service.put(0, [recordOf(MIB - 1)], signal);
    };
    await expect(putMuch()).rejects.toThrow(
      '--input: "all inputs" cannot be used: the local log service keeps at most',
    );
  });

  it('takes the longest line that an input may have', async () => {
    const service = await start(source, 1);
    const { lineBytesMax } = LOG_SERVICES[source];
    await service.put(0, [recordOf(lineBytesMax)], signal);
    await expect(service.put(0, [recordOf(lineBytesMax + 1)], signal)).rejects.toThrow();
  });
});

describe('the partitions of CLS', () => {
  const namesOf = (service: LogService): string[] =>
    Object.keys(service.endCursors()).map(service.shardName).sort();

  it('are divided over two topics, and named for a person', async () => {
    const service = await start('cls', 5);
    expect(namesOf(service).filter((name) => name.startsWith('a:')).length).toBeOneOf([2, 3]);
    expect(namesOf(service)).toEqual(expect.arrayContaining(['a:1', 'a:2', 'b:1', 'b:2']));
    expect(service.introduction).toMatch(/topic a is [0-9a-f-]{36}, topic b is [0-9a-f-]{36}/);
  });

  it('are of one topic if there is but one', async () => {
    expect(namesOf(await start('cls', 1))).toEqual(['a:1']);
  });
});
