import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Batch } from '../../lib/index.ts';

/** What the user's function writes to, in the files of a folder: it has every batch by its id, and outlives whoever writes. */
export interface Sink {
  /** Throws if it was given other records under the same id before: then a repeat could not be told from something new. */
  take(batch: Batch): void;
  /** The ids of what it refused. */
  refused(): string[];
}

/** @param directory is made where it is not there */
export function createSink(directory: string): Sink {
  const taken = join(directory, 'taken');
  const refused = join(directory, 'refused');
  for (const folder of [taken, refused]) mkdirSync(folder, { recursive: true });
  return {
    take: (batch) => {
      const file = encodeURIComponent(batch.id);
      const content = contentOf(batch);
      if (isNew(join(taken, file), content) || readFileSync(join(taken, file), 'utf8') === content) return;
      writeFileSync(join(refused, file), content);
      throw new Error(`${batch.id} came again with other records`);
    },
    refused: () => readdirSync(refused).map(decodeURIComponent),
  };
}

/** Of all records, and all of their fields. */
function contentOf({ records }: Batch): string {
  let sum = 0;
  let count = 0;
  for (const record of records) {
    count += 1;
    for (const pair of record.pairs()) for (const part of pair) sum = crc32(part, sum);
  }
  // Who is killed while it writes leaves nothing, or all of it: a few bytes are one write.
  return `${count} records, ${sum}`;
}

function isNew(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}
