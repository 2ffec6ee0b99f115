import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock, systemRandom as random } from '../../../lib/runtime.ts';
import { createSlsClient } from '../../../lib/sources/sls/client.ts';
import { ACCOUNT, LOGSTORE, PROJECT } from '../stage.ts';

const RECORDS_PER_GROUP = 3;
const PAUSE_MS = 15;

export interface Producer extends AsyncDisposable {
  /** Puts no more. Answers with how many records there are. */
  stop(): Promise<number>;
}

/** Puts numbered records, one group after another, over all shards in turn, until it is stopped. */
export async function startProducer(url: string): Promise<Producer> {
  const names = { endpoint: url, project: PROJECT, logstore: LOGSTORE, region: 'local' };
  const client = createSlsClient({ ...names, credentials: () => ACCOUNT, clock, random });
  const signal = AbortSignal.timeout(300_000);
  const shards = await client.listShards(signal);
  let stopped = false;
  let records = 0;
  const produced = (async () => {
    for (let turn = 0; !stopped; turn += 1) {
      const logs = Array.from({ length: RECORDS_PER_GROUP }, (_, index) => ({
        timeMs: clock.now(),
        fields: { n: String(records + index) },
      }));
      const hashKey = shards[turn % shards.length]!.inclusiveBeginKey;
      await client.putLogs({ logs }, { hashKey }, signal);
      records += RECORDS_PER_GROUP;
      await sleep(PAUSE_MS);
    }
  })();
  // Whoever stops it is told.
  produced.catch(() => {});
  const stop = async (): Promise<number> => {
    stopped = true;
    await produced;
    return records;
  };
  return {
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop().catch(() => {});
    },
  };
}
