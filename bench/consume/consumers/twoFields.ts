/** A user's module: reads two fields of each record, and says when it has read all. Bundled by consumers.ts, as for a deployment. */
import type { EachBatch } from '../../../lib/index.ts';

const { BENCH_FIELDS = '', BENCH_RECORDS } = process.env;
const [one = '', other = ''] = BENCH_FIELDS.split(',');

let records = 0;
let characters = 0;

export const eachBatch: EachBatch = (batch) => {
  for (const record of batch.records) {
    records += 1;
    characters += record.get(one)!.length + record.get(other)!.length;
  }
  if (records === Number(BENCH_RECORDS)) {
    process.stdout.write(`${JSON.stringify({ records, characters })}\n`);
  }
};
