/** Our function as it is deployed: ticks until all is read. Run by process.ts, never imported. */
import { setTimeout as wait } from 'node:timers/promises';
import { consume } from '../../../lib/consume.ts';

const { BENCH_FIELDS = '', BENCH_RECORDS } = process.env;
const [one = '', other = ''] = BENCH_FIELDS.split(',');
/** As set in the environment. */
const INTERVAL_MS = 6_000;
const FUNCTION_MS = 5_000;

let records = 0;
let characters = 0;
const handler = consume({
  eachBatch: (batch) => {
    for (const record of batch.records) {
      records += 1;
      characters += record.get(one)!.length + record.get(other)!.length;
    }
  },
}) as unknown as (event: object, context: object) => Promise<unknown>;

// The first tick joins and plans.
for (let tickAt = Date.now(); records < Number(BENCH_RECORDS); tickAt += INTERVAL_MS) {
  await wait(tickAt - Date.now());
  const deadline = Date.now() + FUNCTION_MS;
  const context = {
    awsRequestId: crypto.randomUUID(),
    functionName: 'bench',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  await handler({ slot: 'consumer-0' }, context);
}
process.stdout.write(`${JSON.stringify({ records, characters })}\n`);
// Until it is killed: what it has cost is looked up before.
setInterval(() => {}, INTERVAL_MS);
