// Calls the handler of a bundle as its schedule would, until it is killed. The interval is that of consumers.ts.
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const INTERVAL_MS = 6_000;
const FUNCTION_MS = 5_000;

const { handler } = await import(pathToFileURL(process.argv[2]).href);
// The first tick joins, the second one plans, the third one reads.
for (let tickAt = Date.now(); ; tickAt += INTERVAL_MS) {
  await wait(tickAt - Date.now());
  const deadline = Date.now() + FUNCTION_MS;
  await handler(
    { slot: 'consumer-0' },
    {
      awsRequestId: crypto.randomUUID(),
      functionName: 'bench',
      getRemainingTimeInMillis: () => deadline - Date.now(),
    },
  );
}
