import { crc32 } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LetterRecord } from '../../lib/delivery/deadLetters/deadLetters.ts';
import { createTableDeadLetters } from '../../lib/delivery/deadLetters/table.ts';
import { type Clock, systemRandom } from '../../lib/runtime.ts';
import type { BuriedLine } from './proof.ts';
import { CONTENT_FIELD, LINE_FIELD } from './record.ts';

/** Looks into the group's table for its dead letters: what the functions say of them proves nothing. */
export interface LettersReader {
  read(signal: AbortSignal): Promise<BuriedLine[]>;
  close(): void;
}

export interface LettersOptions {
  endpoint: string;
  table: string;
  group: string;
  /** With which the table is asked. */
  accessKeyId: string;
  clock: Clock;
}

export function createLettersReader(options: LettersOptions): LettersReader {
  const { endpoint, table, group, accessKeyId, clock } = options;
  const credentials = { accessKeyId, secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 });
  const random = systemRandom;
  // Nothing is put here: how many there may be is for those who do.
  const store = createTableDeadLetters({
    client,
    table,
    group,
    clock,
    random,
    lettersMax: 0,
    now: clock.now,
  });
  return {
    read: async (signal) => {
      const lines: BuriedLine[] = [];
      for await (const { record } of store.list({}, { signal })) lines.push(buriedLine(record));
      return lines;
    },
    close: () => client.destroy(),
  };
}

function buriedLine(record: LetterRecord | undefined): BuriedLine {
  if (record === undefined) return { line: undefined, checksum: 0 };
  const fieldOf = (name: string): Uint8Array | undefined =>
    record.pairs.find(([key]) => Buffer.from(key).toString() === name)?.[1];
  const line = Number(Buffer.from(fieldOf(LINE_FIELD) ?? []).toString());
  return {
    line: Number.isInteger(line) ? line : 0,
    checksum: crc32(fieldOf(CONTENT_FIELD) ?? new Uint8Array(0)),
  };
}
