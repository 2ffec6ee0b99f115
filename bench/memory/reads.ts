/** A function that reads two fields of each record, and waits for nothing. */
import type { EachBatch } from '../../lib/index.ts';

let characters = 0;

export const eachBatch: EachBatch = (batch) => {
  for (const record of batch.records) {
    characters += record.get('status')!.length + record.get('path')!.length;
  }
};

export const read = (): number => characters;
