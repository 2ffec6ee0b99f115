import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeadLetter } from '../../../lib/delivery/deadLetters/deadLetters.ts';
import { createTableDeadLetters } from '../../../lib/delivery/deadLetters/table.ts';
import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { createLettersReader } from '../../../local/run/letters.ts';
import { type LocalTable, startLocalTable } from '../../support/localTable.ts';

const { signal } = new AbortController();
let local: LocalTable;

beforeAll(async () => {
  local = await startLocalTable('shardbeat');
});
afterAll(() => local.close());

const letterOf = (index: number, fields: Readonly<Record<string, string | Uint8Array>>): DeadLetter => ({
  id: `0/7/${index}`,
  group: 'local',
  stream: {},
  shard: '0',
  from: 'a',
  to: 'b',
  index,
  recordId: `0/7/${index}`,
  timeMs: 1,
  topic: '',
  source: '',
  tags: {},
  pairs: Object.entries(fields).map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const),
  attempts: 5,
  firstAt: 1,
  lastAt: 2,
  givenUpAt: 3,
  reason: 'failed',
  message: 'no',
  functionVersion: undefined,
});

it('the dead letters of a run are read from its table: line and checksum, where the record says and is kept', async () => {
  const reader = createLettersReader({
    endpoint: local.service.endpoint,
    table: 'shardbeat',
    group: 'local',
    accessKeyId: 'onlooker',
    clock,
  });
  expect(await reader.read(signal)).toEqual([]);
  const { client } = local;
  const common = { client, table: 'shardbeat', lettersMax: 10, now: clock.now, clock, random };
  const content = Buffer.from([0xff, 0xfe, 0x00]);
  // What cannot be compressed, and is too large for an item.
  const large = Buffer.from(Array.from({ length: 400_000 }, () => Math.floor(Math.random() * 256)));
  await createTableDeadLetters({ ...common, group: 'local' }).put(
    [
      letterOf(0, { line: '12', content }),
      letterOf(1, { content: 'no number' }),
      letterOf(2, { line: 'twelve', content: '' }),
      letterOf(3, { line: '13', content: large }),
    ],
    { signal },
  );
  await createTableDeadLetters({ ...common, group: 'another' }).put([letterOf(4, { line: '14' })], {
    signal,
  });
  expect(await reader.read(signal)).toEqual([
    { line: 12, checksum: crc32(content) },
    { line: 0, checksum: crc32('no number') },
    { line: 0, checksum: 0 },
    { line: undefined, checksum: 0 },
  ]);
  reader.close();
});
